/** A terminal of xterm.js in a page, and a guest in it. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { HUNG_MS, type Browser, type BrowserKind, type Page } from "./browser.ts";
import { servePages, type PageServer } from "./page-server.ts";

export function terminalIn({ name, missing, launch }: BrowserKind): void {
  describe(`a terminal in ${name}`, { skip: missing }, () => {
    let server: PageServer;
    let browser: Browser;
    let page: Page;

    before(async () => {
      server = await servePages(["terminal-page.js"]);
      browser = await launch();
      page = await browser.newPage();
      await page.goto(`${server.origin}/terminal-page.html`);
      await page.waitForFunction("globalThis.typeTo");
    });

    after(async () => {
      await browser?.close();
      server?.close();
    });

    test("shows what is typed and what the guest says", { timeout: HUNG_MS }, async () => {
      const ended = await page.evaluate('typeTo("wc", "one twoo\\x7f\\r", "three\\r", "\\x04")');
      assert.deepEqual(ended, ["exit 0", "one two ", "three", "2 3 14"]);
    });

    test("ends a guest by Ctrl-C", { timeout: HUNG_MS }, async () => {
      assert.deepEqual(await page.evaluate('typeTo("wc", "one", "\\x03")'), ["InterruptedError", "one^C"]);
    });
  });
}
