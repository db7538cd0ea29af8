/** The playground in Firefox: as in Chromium, in one go. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { firefox } from "../everywhere/browser.ts";
import { buildSite, serve } from "./served.ts";
import { Visitor } from "./visitor.ts";

test("the playground holds a writer back in Firefox too", { skip: firefox.missing }, async () => {
  const folder = await mkdtemp(join(tmpdir(), "sluice-site-"));
  await buildSite(folder);
  const site = await serve(folder);
  const browser = await firefox.launch();
  try {
    const visitor = await Visitor.open(browser, `${site.origin}/index.html#slow-reader`);
    await visitor.until("data-ready");
    await visitor.press("▶ Run");
    await visitor.sees(".guest", "waits for the screen");
    await visitor.press("Open the gate from writer to the screen");
    await visitor.until("data-run=over");
    await visitor.sees(".guest", "exit code 0");
    assert.deepEqual(visitor.problems, []);
  } finally {
    await browser.close();
    site.stop();
    await rm(folder, { recursive: true, force: true });
  }
});
