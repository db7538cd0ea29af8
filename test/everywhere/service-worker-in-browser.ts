/** A guest behind a service worker of a browser. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { HUNG_MS, type Browser, type BrowserKind, type Page } from "./browser.ts";
import { servePages, type PageServer } from "./page-server.ts";

export function serviceWorkerIn({ name, missing, launch }: BrowserKind): void {
  describe(`a service worker in ${name}`, { skip: missing }, () => {
    let server: PageServer;
    let browser: Browser;
    let page: Page;

    before(async () => {
      server = await servePages(["service-worker-page.ts"], { scripts: ["service-worker.js"] });
      browser = await launch();
      page = await browser.newPage();
      await page.goto(`${server.origin}/service-worker-page.html`);
      await page.waitForFunction("globalThis.ask");
    });

    after(async () => {
      await browser?.close();
      server?.close();
    });

    test("answers with a guest", { timeout: HUNG_MS }, async () => {
      assert.equal(await page.evaluate('ask("/hello")'), "200 hello");
      assert.equal(await page.evaluate('ask("/echo", "a body".repeat(20_000))'), `200 ${"a body".repeat(20_000)}`);
    });

    test("tells the guest what was asked", { timeout: HUNG_MS }, async () => {
      const asked = await page.evaluate('ask("/describe?a=1", "x")');
      const { host } = new URL(server.origin);
      assert.ok(typeof asked === "string");
      assert.ok(asked.startsWith(`200 Method::Post Some(Scheme::Http) Some("${host}") Some("/describe?a=1")`), asked);
    });

    test("fails a request whose guest fails, and answers the next", { timeout: HUNG_MS }, async () => {
      assert.equal(await page.evaluate('ask("/trap")'), "TypeError");
      assert.equal(await page.evaluate('ask("/hello")'), "200 hello");
    });
  });
}
