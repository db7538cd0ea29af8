/**
 * Guests in pages where WebAssembly cannot be suspended: in workers that block when they wait. Chromium can, and so is played
 * without what it does so by; and without what only newer engines hear of shared memory by.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { HUNG_MS, type Browser, type BrowserKind, type Page } from "./browser.ts";
import { checks } from "./checks.ts";
import { isolateChecks } from "./isolate-checks.ts";
import { opfsChecks, opfsGuestChecks } from "./opfs-checks.ts";
import { servePages, type PageServer } from "./page-server.ts";
import { parkedChecks } from "./parked-checks.ts";
import { webChecks } from "./web-checks.ts";

/** As page.ts numbers them. */
const titles = [...checks, ...webChecks, ...opfsChecks, ...isolateChecks].map(({ title }) => title);
/** What a page is tried with, and what is left of that where it makes little difference. */
const few = [...isolateChecks, ...opfsGuestChecks].map(({ title }) => title);
/** Files that answer at once do so in the page: to a guest that is blocked in another thread each answer comes later. */
const parked = parkedChecks.map(({ title }) => title).filter((title) => !title.endsWith("(in memory, at once)"));
const all = [...few, ...parked];

/**
 * A worker that starts others, which block now and then, stands still for ever after some ten of them, and answers nothing more.
 * It does so with no code but that: two workers that wait for memory 300 times each, begun and ended again and again.
 */
const STANDS_STILL = "Firefox 153: a worker that starts workers that block stands still sooner or later";

export function parkedIn({ name, missing, launch }: BrowserKind): void {
  describe(`${name} without suspension`, { skip: missing }, () => {
    let server: PageServer;
    let browser: Browser;

    before(async () => {
      server = await servePages(["page.ts"], { isolated: true });
      browser = await launch();
    });

    after(async () => {
      await browser?.close();
      server?.close();
    });

    test("a page that is not isolated from others is told what to send", async (t) => {
      const open = await servePages(["page.ts"]);
      t.after(() => open.close());
      const page = await browser.newPage();
      await page.goto(`${open.origin}/page.html?without=Suspending`);
      await page.waitForFunction("globalThis.play");
      const said = await page.evaluate(`play.page(${titles.indexOf(few[0] ?? "")})`);
      assert.match(String(said), /^UnsupportedRuntimeError: .*Cross-Origin-Opener-Policy: same-origin.*require-corp/);
    });

    for (const without of [["Suspending"], ["Suspending", "waitAsync"]]) {
      const search = without.map((each) => `without=${each}`).join("&");
      describe(`and without ${without.join(" and ")}`, () => {
        let page: Page;

        before(async () => {
          page = await browser.newPage();
          await page.goto(`${server.origin}/page.html?${search}`);
          await page.waitForFunction("globalThis.play");
        });

        for (const place of ["page", "worker"]) {
          for (const title of place === "page" && without.length === 1 ? all : few) {
            const skip = name === "Firefox" && place === "worker" && STANDS_STILL;
            test(`${place}: ${title}`, { timeout: HUNG_MS, skip }, async () => {
              assert.equal(await page.evaluate(`play.${place}(${titles.indexOf(title)})`), undefined);
            });
          }
        }
      });
    }
  });
}
