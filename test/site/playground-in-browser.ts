/** The playground in any browser: in one go what playground.test.ts tries one by one in Chromium. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { BrowserKind } from "../everywhere/browser.ts";
import { assertAccessible } from "./accessible.ts";
import { buildSite, serve } from "./served.ts";
import { Visitor } from "./visitor.ts";

export function playgroundIn({ name, missing, launch }: BrowserKind): void {
  test(
    `the playground holds writers back in ${name} too, of HTTP as well, and has a terminal`,
    { skip: missing },
    async () => {
      const folder = await mkdtemp(join(tmpdir(), "sluice-site-"));
      await buildSite(folder);
      const site = await serve(folder);
      const browser = await launch();
      try {
        const visitor = await Visitor.open(browser, `${site.origin}/index.html#slow-reader`);
        await visitor.until("data-ready");
        await visitor.press("▶ Run");
        await visitor.sees(".guest", "waits for the screen");
        await visitor.press("Open the gate from writer to the screen");
        await visitor.until("data-run=over");
        await visitor.sees(".guest", "exit code 0");

        await visitor.evaluate(`location.hash = "#request"`);
        await visitor.sees(".guest .call", "POST /echo");
        await visitor.slide("Gate from server to the screen", 0);
        await visitor.press("▶ Run");
        await visitor.sees(".results", "POST /echo → 200");
        await visitor.sees(".guest", "waits for the screen");
        await visitor.slide("Gate from server to the screen", 46);
        await visitor.until("data-run=over");
        await visitor.sees(".guest .status", "answered 200");

        await visitor.evaluate(`location.hash = "#terminal"`);
        await visitor.sees(".terminal");
        await visitor.press("▶ Run");
        await visitor.sees(".xterm-rows", "> ");
        await visitor.write("abc");
        await visitor.keys("Enter");
        await visitor.sees(".xterm-rows", "cba");
        await visitor.keys("Control", "c");
        await visitor.until("data-run=over");
        await visitor.sees(".guest .status", "ended by Ctrl-C");
        await assertAccessible(visitor, [1280, 360]);
        assert.deepEqual(visitor.problems, []);
      } finally {
        await browser.close();
        site.stop();
        await rm(folder, { recursive: true, force: true });
      }
    },
  );
}
