/** The playground by who has a keyboard alone: each step is a Tab to what is called so, and keys; light and dark, wide and on a phone. */
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { chromium, type Browser } from "../everywhere/browser.ts";
import { STOPS } from "./accessible.ts";
import { buildSite, serve, type Served } from "./served.ts";
import { Visitor } from "./visitor.ts";

const SCREEN = ".screen-text";

describe("the playground by keyboard alone", { skip: chromium.missing }, () => {
  let folder: string;
  let site: Served;
  let browser: Browser;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "sluice-keys-"));
    await writeFile(join(folder, "note.txt"), "a note\n");
    await buildSite(join(folder, "site"));
    site = await serve(join(folder, "site"));
    browser = await chromium.launch();
  });

  after(async () => {
    await browser?.close();
    site?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  for (const [colours, width, height] of [
    ["light", 1280, 1000],
    ["dark", 390, 844],
  ] as const) {
    test(`is all there, ${colours}, ${width} pixels wide`, async () => {
      const visitor = await Visitor.open(browser, `${site.origin}/index.html#hello`, { colours, motion: "reduce" });
      try {
        await visitor.resize(width, height);
        await visitor.until("data-ready");
        await visitor.evaluate(STOPS);
        await runsWithArgumentsAndFiles(visitor);
        await throttlesAndWires(visitor);
        await typesIntoATerminal(visitor);
        await dropsNothing(visitor, width);
      } finally {
        await visitor.close();
      }
      assert.deepEqual(visitor.problems, []);
      assert.deepEqual(site.missing, []);
    });
  }

  for (const [id, goOn, isShown] of [
    ["pipe", "", true],
    ["terminal", "document.querySelector('#tour a').focus()", false],
  ] as const) {
    test(`who has chosen and ${isShown ? "stays" : "goes on"} is ${isShown ? "" : "not "}taken to the stage`, async () => {
      const visitor = await Visitor.open(browser, `${site.origin}/index.html#hello`, { motion: "reduce" });
      try {
        await visitor.resize(390, 844);
        await visitor.until("data-ready");
        const link = `#scenarios a[href='#${id}']`;
        await visitor.evaluate(`{
          const link = document.querySelector("${link}");
          link.focus({ preventScroll: true });
          link.click();
          ${goOn}
        }`);
        await visitor.sees(`${link}[aria-current]`);
        assert.equal(
          await visitor.evaluate("document.querySelector('#stage').getBoundingClientRect().top < 1"),
          isShown,
        );
      } finally {
        await visitor.close();
      }
    });
  }

  /** A guest is added, the other taken away; then its arguments, a file, an input. */
  async function runsWithArgumentsAndFiles(visitor: Visitor): Promise<void> {
    await visitor.tabTo("Skip to the stage");
    await visitor.keys("Enter");
    await visitor.tabTo("Add a guest");
    // Past others, none of which is added.
    await visitor.keys("ArrowDown");
    await visitor.write("cat-f");
    await visitor.keys("Enter");
    await visitor.sees(".guest", "cat-files");
    assert.equal(await visitor.count(".guest"), 2);
    await visitor.tabTo("Take hello off the stage");
    await visitor.keys("Enter");
    // Who has taken one away is at the one that is left.
    await visitor.sees(".guest .name:focus", "cat-files");
    await visitor.tabTo("Arguments of cat-files");
    // Tab has selected what is there.
    await visitor.write("/note.txt");
    await visitor.tabTo("Input as text");
    await visitor.write("typed");
    await visitor.tabTo("Files for all guests");
    // What a key opens there is the browser's.
    await visitor.upload("[aria-label='Files for all guests']", join(folder, "note.txt"));
    await visitor.sees(".files", "/note.txt");
    await visitor.tabTo("▶ Run");
    await visitor.keys("Enter");
    await visitor.until("data-run=over");
    await visitor.sees(SCREEN, "a note");
    await visitor.sees("#run:focus");
    await visitor.tabTo("Remove /note.txt");
    await visitor.keys("Enter");
    await visitor.sees(".files button:focus");
  }

  /** A gate stops who writes, the time-line tells the calls, and the pipe is laid anew. */
  async function throttlesAndWires(visitor: Visitor): Promise<void> {
    await visitor.tabTo("Three in a pipe");
    await visitor.keys("Enter");
    await visitor.tabTo("▶ Run");
    await visitor.tabTo("Gate from upper to wc");
    await visitor.keys("Home");
    await visitor.keys("Control", "Enter");
    await visitor.sees(".channel[aria-label='Stream from upper to wc']", "upper waits: no permit");
    await visitor.tabTo("in words");
    await visitor.keys("Enter");
    await visitor.sees(".calls-list li", "output-stream.");
    await visitor.tabTo("Gate from copy to upper");
    await visitor.keys("End");
    await visitor.tabTo("Gate from upper to wc");
    await visitor.keys("End");
    await visitor.until("data-run=over");
    await visitor.tabTo("Wire the output of copy");
    await visitor.keys("Enter");
    await visitor.sees(".target:focus", "into upper");
    await visitor.keys("ArrowRight");
    await visitor.keys("Enter");
    await visitor.sees(".channel[aria-label='Stream from copy to wc']");
    // Who has moved it is where it began.
    assert.match(String(await visitor.evaluate("stop()")), /Wire the output of copy$/);
  }

  async function typesIntoATerminal(visitor: Visitor): Promise<void> {
    await visitor.tabTo("A terminal");
    await visitor.keys("Enter");
    await visitor.sees(".terminal");
    await visitor.tabTo("▶ Run");
    await visitor.keys("Enter");
    await visitor.sees(".xterm-rows", "> ");
    await visitor.write("abc");
    await visitor.keys("Enter");
    await visitor.sees(".xterm-rows", "cba");
    await visitor.keys("Control", "c");
    await visitor.until("data-run=over");
    await visitor.sees(".guest .status", "ended by Ctrl-C");
    await visitor.keys("Tab");
    assert.equal(await visitor.count(".terminal:focus-within"), 0);
  }

  /** Streams of files that are over are a line each, whose gate is gone; that of one which somebody holds stays. */
  async function dropsNothing(visitor: Visitor, width: number): Promise<void> {
    await visitor.tabTo("A slow disk");
    await visitor.keys("Enter");
    await visitor.sees(".guest", "cp");
    await visitor.tabTo("▶ Run");
    await visitor.keys("Enter");
    const gates = ["Gate from /river.txt to cp", "Gate from cp to /copy.txt"];
    // Closed, so that they are there for as long as a machine takes that has other things to do.
    await visitor.sees(`[aria-label="${gates[1]}"]`);
    await Promise.all(gates.map((gate) => visitor.slide(gate, 0)));
    for (const gate of gates) {
      // oxlint-disable-next-line no-await-in-loop -- a walk
      await visitor.tabTo(gate);
      // oxlint-disable-next-line no-await-in-loop -- as above
      await visitor.keys("End");
    }
    await visitor.until("data-run=over");
    await visitor.sees(".file-stream:focus-within .controls");
    assert.equal(await visitor.evaluate("document.activeElement.checkVisibility()"), true);
    await visitor.tabTo("How to read it");
    await visitor.holds(
      "[...document.querySelectorAll('.file-stream .controls')].every((each) => !each.checkVisibility())",
    );
    await visitor.sees(".file-stream", "225 KiB");
    assert.equal(await visitor.evaluate(`document.documentElement.scrollWidth > ${width}`), false);
  }
});
