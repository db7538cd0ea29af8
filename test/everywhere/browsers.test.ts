/** All checks in pages, and in their workers, of real browsers. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { chromium, firefox, type Browser, type Page } from "./browser.ts";
import { checks } from "./checks.ts";
import { expectedFailures, judge } from "./expected.ts";
import { servePages, type PageServer } from "./page-server.ts";

/** Ends what hangs; nothing is measured by it. */
const HUNG_MS = 60_000;

for (const { name, missing, launch } of [chromium, firefox]) {
  describe(name, { skip: missing }, () => {
    let server: PageServer;
    let browser: Browser;
    let page: Page;

    before(async () => {
      server = await servePages(["page.ts"]);
      browser = await launch();
      page = await browser.newPage();
      await page.goto(`${server.origin}/page.html`);
      await page.waitForFunction("globalThis.play");
    });

    after(async () => {
      await browser?.close();
      server?.close();
    });

    for (const place of ["page", "worker"]) {
      for (const [index, { title }] of checks.entries()) {
        // The ways of calls are the same in both: one of them will do.
        if (place === "worker" && /, (?:fast|traced)$/.test(title)) continue;
        test(`${place}: ${title}`, { timeout: HUNG_MS }, async () => {
          const failure = await page.evaluate(`play.${place}(${index})`);
          assert.ok(failure === undefined || typeof failure === "string");
          judge(name, title, failure);
        });
      }
    }

    test("what is listed as failing is a check", () => {
      const titles = new Set(checks.map(({ title }) => title));
      assert.deepEqual(
        Object.keys(expectedFailures[name] ?? {}).filter((title) => !titles.has(title)),
        [],
      );
    });
  });
}
