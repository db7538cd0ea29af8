/** All checks in pages of a browser, and in their workers. */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, describe, test } from "node:test";
import { HUNG_MS, type Browser, type BrowserKind, type Page } from "./browser.ts";
import { checks } from "./checks.ts";
import { expectedFailures, judge } from "./expected.ts";
import { opfsChecks } from "./opfs-checks.ts";
import { closed, listening, servePages, type PageServer } from "./page-server.ts";
import { peer } from "./peer.ts";
import { webChecks } from "./web-checks.ts";

/** As page.ts numbers them. */
const titles = [...checks, ...webChecks, ...opfsChecks].map(({ title }) => title);

/** An authority where nobody listens. */
async function unused(): Promise<string> {
  const server = createServer();
  const authority = await listening(server);
  closed(server);
  return authority;
}

export function pagesIn({ name, missing, launch }: BrowserKind): void {
  describe(name, { skip: missing }, () => {
    const other = peer();
    let server: PageServer;
    let browser: Browser;
    let page: Page;

    before(async () => {
      server = await servePages(["page.ts"]);
      browser = await launch();
      page = await browser.newPage();
      await page.goto(`${server.origin}/page.html?elsewhere=${await listening(other)}&nobody=${await unused()}`);
      await page.waitForFunction("globalThis.play");
    });

    after(async () => {
      await browser?.close();
      server?.close();
      closed(other);
    });

    for (const place of ["page", "worker"]) {
      for (const [index, title] of titles.entries()) {
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
      assert.deepEqual(
        Object.keys(expectedFailures[name] ?? {}).filter((title) => !titles.includes(title)),
        [],
      );
    });
  });
}
