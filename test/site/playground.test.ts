/** The playground in a real browser: guests run, gates hold them back, wires can be moved, and everybody can use it. */
import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { SAMPLES } from "../../site/catalog.ts";
import { chromium, type Browser } from "../everywhere/browser.ts";
import { assertAccessible, AXE, STOPS } from "./accessible.ts";
import { buildSite, serve, type Served } from "./served.ts";
import { Visitor, type Preferences } from "./visitor.ts";

/** A core module whose `_start` is a loop without an end. */
const SPIN = Buffer.from("0061736d0100000001040160000003020100070a01065f737461727400000a0901070003400c000b0b", "hex");
/** An archive with one file, `in.txt`. */
const ZIP =
  "UEsDBBQAAAAIAAAAIQCsADrHCQAAAAcAAAAGAAAAaW4udHh0q8osKEhN4QIAUEsBAhQDFAAAAAgAAAAhAKwAOscJAAAABwAAAAYA" +
  "AAAAAAAAAAAAAIABAAAAAGluLnR4dFBLBQYAAAAAAQABADQAAAAtAAAAAAA=";
const SCREEN = ".screen-text";

/** How many pixels of a canvas have something on them. */
function painted(canvas: string): string {
  const pixels = "canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data";
  return `((canvas) => ${pixels}.filter((alpha, index) => index % 4 === 3 && alpha > 0).length)(${canvas})`;
}

const FITS = "document.documentElement.scrollWidth <= innerWidth";
const WIDTHS = [320, 480, 640, 680, 720, 860, 940, 1280];

/** Whose browser has text of twice the size, and all else as it is. */
async function fitsWithLargeText(visitor: Visitor, widths: readonly number[]): Promise<void> {
  await visitor.evaluate(`document.documentElement.style.fontSize = "200%"`);
  for (const width of widths) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await visitor.resize(width, 800);
    // oxlint-disable-next-line no-await-in-loop -- as above
    await visitor.holds(FITS);
  }
  await visitor.evaluate(`document.documentElement.style.fontSize = ""`);
}

interface Options extends Preferences {
  readonly isNew?: boolean;
  readonly origin?: string;
}

describe("the playground", { skip: chromium.missing }, () => {
  let folder: string;
  let site: Served;
  let browser: Browser;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "sluice-site-"));
    await buildSite(join(folder, "site"));
    site = await serve(join(folder, "site"));
    browser = await chromium.launch();
  });

  after(async () => {
    await browser?.close();
    site?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  /** Whom the last test has left at the playground: to load that anew takes a second of a processor. */
  let kept: Visitor | undefined;

  /**
   * What somebody does who has chosen a scenario, which of the tour begins at once; what the page complains of fails the test.
   *
   * Nothing moves but what has changed, unless `motion` says otherwise: to draw water that runs is most of what a browser does here.
   *
   * @param options.isNew Who has come by the scenario's address, where none begins at once, and has seen no other.
   */
  async function visit(
    scenario: string,
    play: (visitor: Visitor) => Promise<void>,
    { isNew = false, origin = site.origin, motion = "reduce", ...others }: Options = {},
  ): Promise<void> {
    const preferences: Preferences = { motion, ...others };
    const address = `${origin}/index.html#${scenario}`;
    const visitor = (!isNew && kept) || (await Visitor.open(browser, address, preferences));
    if (visitor === kept) kept = undefined;
    try {
      await visitor.until("data-ready");
      if (!isNew) await choose(visitor, scenario, preferences);
      await play(visitor);
      assert.deepEqual(visitor.problems, []);
      assert.deepEqual(site.missing, []);
      if (!isNew && (await visitor.evaluate("location.pathname")) === "/index.html") kept = visitor;
    } finally {
      if (visitor !== kept) await visitor.close();
    }
  }

  /** By its link, which puts all that the page shows in the place of what was there before. */
  async function choose(visitor: Visitor, scenario: string, preferences: Preferences): Promise<void> {
    await visitor.prefer(preferences);
    await visitor.resize(1280, 1000);
    await visitor.evaluate("{ delete document.documentElement.dataset.run; scrollTo(0, 0) }");
    await visitor.evaluate(`document.querySelector(".scenes a[href='#${scenario}']").click()`);
    await visitor.until("data-run");
  }

  const stream = (name: string): string => `.channel[aria-label="Stream from ${name}"]`;

  test("runs a guest, and tells its calls", async () => {
    await visit("hello", async (visitor) => {
      await visitor.press("▶ Run");
      await visitor.until("data-run=over");
      assert.equal(await visitor.text(SCREEN), "hello\n");
      await visitor.sees(".guest", "exit code 0");
      await visitor.evaluate(`document.querySelector(".timeline summary").click()`);
      await visitor.sees(".timeline code", "output-stream.blocking-write-and-flush(5 bytes)");
    });
  });

  test("a closed gate fills the basin and stops the writer; an open one lets it end", async () => {
    await visit(
      "slow-reader",
      async (visitor) => {
        const name = "writer to the screen";
        await visitor.slide(`Gate from ${name}`, 0);
        await visitor.press("▶ Run");
        await visitor.sees(stream(name), "writer waits: no permit");
        await visitor.sees(stream(name), "64 / 64 KiB");
        await visitor.sees(".guest", "waits for the screen");
        await visitor.press(`Let 1 KiB through the gate from ${name}`);
        await visitor.sees(`${stream(name)} dd`, "1 KiB");
        await visitor.press(`Open the gate from ${name}`);
        await visitor.until("data-run=over");
        await visitor.sees(`${stream(name)} dd`, "9.5 MiB");
      },
      { isNew: true },
    );
  });

  test("guests in a pipe wait for each other, against the stream", async () => {
    await visit("pipe", async (visitor) => {
      await visitor.slide("Gate from upper to wc", 0);
      await visitor.keys("Control", "Enter");
      await visitor.sees(stream("upper to wc"), "upper waits");
      await visitor.sees(stream("copy to upper"), "copy waits");
      await visitor.slide("Gate from upper to wc", 46);
      await visitor.slide("Gate from copy to upper", 46);
      await visitor.until("data-run=over");
      assert.match(await visitor.text(SCREEN), /^12000 \d+ \d+\n$/);
    });
  });

  test("a guest that breaks a rule is told which", async () => {
    await visit("rule", async (visitor) => {
      await visitor.press("▶ Run");
      await visitor.until("data-run=over");
      await visitor.sees(".guest", "trap: rule 3.6");
      await visitor.sees(".errors", "during a flush");
      await visitor.sees("a[href='docs/contract.html#rule-3.6']");
      await visitor.go(`${site.origin}/docs/contract.html#rule-3.6`);
      await visitor.sees(":target", "3.6");
    });
  });

  test("a function is called by a form that is made from its types", async () => {
    await visit("call", async (visitor) => {
      await visitor.sees(".guest", "demo.add(1, 1)");
      await visitor.press("▶ Run");
      await visitor.until("data-run=over");
      await visitor.sees(".guest .status", "gave 2");
      await visitor.press("demo.add(1, 1)");
      await visitor.sees("[aria-label='What is called']:focus");
      await visitor.choose("[aria-label='What is called']", "sluice:guests/demo.greet");
      await visitor.fill(".fields input", 'a "friend"');
      await visitor.keys("Control", "Enter");
      await visitor.until("data-run=over");
      await visitor.sees(".results", 'demo.greet("a \\"friend\\"") = "hello, a \\"friend\\""');
      await visitor.choose("[aria-label='What is called']", "sluice:guests/demo.add");
      await visitor.fill(".fields input", "many");
      await visitor.keys("Control", "Enter");
      await visitor.until("data-run=over");
      await visitor.sees(".guest .status", "arguments do not fit");
      await visitor.sees(".errors", "parameter a, column 24: expected u32");
    });
  });

  test("a request flows into a guest that answers, and its answer out, and each waits for the other", async () => {
    await visit("request", async (visitor) => {
      const [request, answer] = [stream("input to server"), stream("server to the screen")];
      await visitor.slide("Gate from server to the screen", 0);
      await visitor.press("▶ Run");
      await visitor.sees(".results", "POST /echo → 200");
      await visitor.sees(answer, "server waits for its flush");
      // As much as had come of the request when the guest began to flush.
      assert.match(await visitor.text(answer), /[1-9]\d* \/ 128 KiB/);
      await visitor.sees(".guest", "waits for the screen");
      await visitor.sees(request, "server is slower");
      await visitor.slide("Gate from server to the screen", 46);
      await visitor.until("data-run=over");
      await visitor.sees(".guest .status", "answered 200");
      await visitor.sees(`${answer} dd`, "225 KiB");
      assert.match(await visitor.text(SCREEN), /\n12000 and wait\n$/);

      await visitor.press("POST /echo");
      await visitor.sees("[aria-label=Path]:focus");
      await visitor.choose("[aria-label=Method]", "GET");
      await visitor.fill("[aria-label=Path]", "/status/418");
      await visitor.sees(".note", "GET has no body");
      await visitor.keys("Control", "Enter");
      await visitor.until("data-run=over");
      await visitor.sees(".guest .status", "answered 418");
      await visitor.sees(".results", "GET /status/418 → 418\nx-status: 418");

      await visitor.fill("[aria-label='Headers, a line each']", "x-one: 1\nno header");
      await visitor.fill("[aria-label=Path]", "/describe");
      await visitor.keys("Control", "Enter");
      await visitor.until("data-run=over");
      assert.equal(
        await visitor.text(SCREEN),
        'Method::Get Some(Scheme::Http) Some("playground") Some("/describe")\nx-one: 1\n',
      );

      await visitor.fill("[aria-label=Path]", "/trap");
      await visitor.keys("Control", "Enter");
      await visitor.until("data-run=over");
      await visitor.sees(".guest .status", "RuntimeError");
    });
  });

  test("a guest asks another one, whose bodies are streams with gates, and each waits for the other", async () => {
    await visit("servers", async (visitor) => {
      const [asked, answer] = [stream("proxy to echo"), stream("echo to proxy")];
      await visitor.slide("Gate from echo to proxy", 0);
      await visitor.press("▶ Run");
      await visitor.sees(answer, "echo waits for its flush");
      assert.match(await visitor.text(answer), /[1-9]\d* \/ 128 KiB/);
      await visitor.sees(".guest[aria-label=echo]", "waits for proxy");
      await visitor.sees(asked, "echo is slower");
      await visitor.sees(stream("input to proxy"), "proxy is slower");
      await visitor.slide("Gate from echo to proxy", 46);
      await visitor.slide("Gate from proxy to the screen", 46);
      await visitor.until("data-run=over");
      await visitor.sees(".results", "proxy asks echo: POST /echo → 200");
      await visitor.sees(".guest[aria-label=proxy] .status", "answered 299");
      await visitor.sees(".guest[aria-label=echo] .status", "answered 1 request");
      await visitor.sees(`${asked} dd`, "225 KiB");
      // Blocks of lines that are not touched again, and few lines to which more is added.
      assert.ok((await visitor.text(`${SCREEN} > span:last-child`)).length <= 2000);
      assert.ok((await visitor.text(SCREEN)).length < 80_000);
      assert.match(await visitor.text(SCREEN), /\n12000 and wait\n$/);
    });
  });

  test("who is asked is wired with the keyboard, and with the pointer; what fails there is told here and there", async () => {
    await visit("servers", async (visitor) => {
      await visitor.focus("Wire the requests of proxy");
      await visitor.keys("Enter");
      await visitor.sees(".target:focus", "ask the page");
      await visitor.keys("Enter");
      await visitor.sees(".guest[aria-label=echo]", "POST /echo");
      await visitor.drag("[aria-label='Wire the requests of proxy']", ".guest[aria-label=echo]");
      await visitor.sees(stream("proxy to echo"));
      assert.equal(await visitor.count(".lane"), 2);
      await visitor.fill("[aria-label=Path]", "/on/trap");
      await visitor.press("▶ Run");
      await visitor.until("data-run=over");
      await visitor.sees(".guest[aria-label=echo] .status", "RuntimeError");
      await visitor.sees(".guest[aria-label=proxy] .status", "HttpError");
      // A pipe in the place of requests.
      await visitor.focus("Wire the output of proxy");
      await visitor.keys("Enter");
      await visitor.sees(".target:focus", "to the screen");
      await visitor.keys("ArrowRight");
      await visitor.sees(".target:focus", "into echo");
      await visitor.keys("Enter");
      await visitor.sees(stream("echo to the screen"));
      assert.equal(await visitor.count(".lane"), 1);
    });
  });

  test("scenes for who comes for the first time begin when they are chosen", async () => {
    await visit("hello", async (visitor) => {
      await visitor.evaluate(`document.querySelector("a[href='#flush-waits']").click()`);
      await visitor.sees(".channel[data-state=flush]", "copy-flush waits for its flush");
      await visitor.evaluate(`document.querySelector("a[href='#reader-leaves']").click()`);
      await visitor.until("data-run=over");
      await visitor.sees(".guest[aria-label=head] .status", "exit code 0");
      await visitor.sees(".guest[aria-label=copy] .status", "exit code 1");
      await visitor.sees(".errors", "stdout: closed");
      await visitor.evaluate(`document.querySelector("a[href='#reader-leaves']").click()`);
      await visitor.until("data-run=on");
      await visitor.until("data-run=over");
    });
  });

  test("what a guest sends by HTTP comes back from the page, and goes nowhere", async () => {
    await visit("request", async (visitor) => {
      await visitor.fill("#input-text", "there and back");
      await visitor.fill("[aria-label=Path]", "/forward/anything");
      await visitor.fill("[aria-label='Headers, a line each']", "x-forward-to: nowhere.example");
      await visitor.keys("Control", "Enter");
      await visitor.until("data-run=over");
      await visitor.sees(".guest .status", "answered 200");
      assert.equal(await visitor.text(SCREEN), "there and back");
    });
  });

  test("a terminal edits lines, shows colours, and ends a guest by Ctrl-C", async () => {
    await visit("terminal", async (visitor) => {
      await visitor.press("▶ Run");
      await visitor.sees(".xterm-rows", "terminal: stdin yes, stdout yes, stderr yes");
      await visitor.sees(".xterm-rows .xterm-fg-14", "terminal");
      await visitor.sees(".xterm-rows", "> ");
      await visitor.write("abx");
      await visitor.keys("Backspace");
      await visitor.write("ö");
      await visitor.keys("Enter");
      await visitor.sees(".xterm-rows", "öba");
      await visitor.sees(".guest", "waits for input");
      await visitor.keys("Control", "c");
      await visitor.until("data-run=over");
      await visitor.sees(".guest .status", "ended by Ctrl-C");
      await visitor.keys("Control", "Enter");
      await visitor.sees(".guest", "waits for input");
      // Who typed goes on where that was, by Tab.
      await visitor.sees(".terminal:focus-within");
      await visitor.keys("Control", "d");
      await visitor.until("data-run=over");
      await visitor.sees(".guest .status", "exit code 0");
      await visitor.sees(".xterm-rows", "bye");
      await visitor.keys("Tab");
      assert.equal(await visitor.count(".terminal:focus-within"), 0);
    });
  });

  test("print waits in Python's prompt while nobody takes what it printed", async () => {
    await visit("python", async (visitor) => {
      const name = "python to the screen";
      await visitor.press("▶ Run");
      await visitor.sees(".xterm-rows", ">>> ");
      await visitor.press(`Close the gate from ${name}`);
      await visitor.evaluate(`document.querySelector(".terminal textarea").focus()`);
      await visitor.write("import river");
      await visitor.keys("Enter");
      await visitor.sees(stream(name), "python waits for its flush");
      await visitor.press(`Open the gate from ${name}`);
      await visitor.sees(".xterm-rows", "300 lines took");
      await visitor.evaluate(`document.querySelector(".terminal textarea").focus()`);
      await visitor.keys("Control", "d");
      await visitor.until("data-run=over");
      await visitor.sees(".guest .status", "exit code 0");
    });
  });

  test("a pipe in a terminal has it at both ends", async () => {
    await visit("terminal", async (visitor) => {
      await visitor.choose("#sample", "wc");
      await visitor.sees(stream("tty to wc"));
      await visitor.press("▶ Run");
      await visitor.sees(".guest", "waits for input");
      await visitor.write("one");
      await visitor.keys("Enter");
      await visitor.keys("Control", "d");
      await visitor.until("data-run=over");
      // What it prints is drawn a little later.
      await visitor.sees(".xterm-rows", "5 14 96");
      // The prompt is there for who types; what it says goes to wc.
      assert.match(await visitor.text(".xterm-rows"), /one.*\d+.\d+.\d+/);
    });
  });

  test("streams of files have gates of their own", async () => {
    await visit("disk", async (visitor) => {
      const reading = stream("/river.txt to cp");
      await visitor.press("▶ Run");
      await visitor.press("Close the gate from /river.txt to cp");
      await visitor.sees(reading, "cp waits for bytes");
      await visitor.sees(".guest", "waits for /river.txt");
      await visitor.press("Open the gate from /river.txt to cp");
      await visitor.press("Close the gate from cp to /copy.txt");
      await visitor.sees(".guest", "waits for /copy.txt");
      await visitor.press("Open the gate from cp to /copy.txt");
      await visitor.until("data-run=over");
      await visitor.sees(".files", "/copy.txt");
      await visitor.sees(`${stream("cp to /copy.txt")} dd`, "225 KiB");
    });
  });

  test("an answer is typed while the guest waits for it", async () => {
    await visit("question", async (visitor) => {
      await visitor.press("▶ Run");
      await visitor.sees(SCREEN, "name?");
      await visitor.type("[aria-label='A line of input']", "Ann\n");
      await visitor.press("End");
      await visitor.until("data-run=over");
      assert.equal(await visitor.text(SCREEN), "name? hello Ann\n");
    });
  });

  test("every guest of the catalog is there, and runs", async () => {
    await visit("hello", async (visitor) => {
      for (const { file, name, asked } of SAMPLES) {
        await visitor.choose("#sample", file);
        await visitor.press("Take " + (await visitor.text(".guest .name")) + " off the stage");
        await visitor.sees(".guest .name", name);
        await visitor.keys("Control", "Enter");
        await visitor.until("data-run=over");
        // Without a reader that is slow there is no flush that could be interrupted.
        const exit = `exit code ${name === "rule-breaker" ? 1 : 0}`;
        const ending = asked ? `answered ${name === "proxy" ? 299 : 200}` : name === "demo" ? "gave 2" : exit;
        await visitor.sees(".guest .status", ending);
      }
    });
  });

  test("what a guest wrote is delivered after its end", async () => {
    await visit("flush", async (visitor) => {
      const name = "never-flushes to the screen";
      await visitor.fill("[aria-label='Arguments of never-flushes']", "60000");
      await visitor.slide(`Gate from ${name}`, 0);
      await visitor.press("▶ Run");
      await visitor.sees(".guest .status", "is done, and delivers");
      await visitor.sees(`${stream(name)} dd`, "58.6 / 64 KiB");
      await visitor.press(`Open the gate from ${name}`);
      await visitor.until("data-run=over");
      await visitor.sees(`${stream(name)} dd`, "58.6 KiB");
    });
  });

  test("what runs is over when something else is chosen", async () => {
    await visit("slow-reader", async (visitor) => {
      await visitor.sees(".guest", "waits for the screen");
      await visitor.evaluate(`location.hash = "#hello"`);
      await visitor.sees(".guest .name", "hello");
      await visitor.sees(".guest .status", "ready");
      await visitor.press("▶ Run");
      await visitor.until("data-run=over");
      assert.equal(await visitor.text(SCREEN), "hello\n");
    });
  });

  test("a guest that computes for ever is stopped with its thread, and the next one runs", async () => {
    const spin = join(folder, "spin.wasm");
    await writeFile(spin, SPIN);
    await visit("hello", async (visitor) => {
      await visitor.upload("#component", spin);
      await visitor.press("Take hello off the stage");
      await visitor.press("▶ Run");
      await visitor.sees(".guest .status", "computes");
      await visitor.press("■ Stop");
      await visitor.until("data-run=over");
      await visitor.sees(".guest", "stopped");
      await visitor.choose("#sample", "hello");
      await visitor.press("Take spin off the stage");
      await visitor.press("▶ Run");
      await visitor.until("data-run=over");
      assert.equal(await visitor.text(SCREEN), "hello\n");
    });
  });

  test("a guest that sleeps does not compute", async () => {
    await visit("python", async (visitor) => {
      await visitor.type("[aria-label='Arguments of python']", `-c "import time; time.sleep(1e9)"`);
      await visitor.press("▶ Run");
      await visitor.sees(".guest .status", "sleeps, or waits");
      assert.doesNotMatch(await visitor.text(".guest .status"), /computes/);
      await visitor.press("■ Stop");
      await visitor.until("data-run=over");
    });
  });

  test("a guest that cannot be fetched is missing in words", async () => {
    await visit(
      "hello",
      async (visitor) => {
        await visitor.evaluate(`globalThis.fetch = async () => new Response("", { status: 404 })`);
        await visitor.evaluate(`location.hash = "#files"`);
        await visitor.sees("#problem", "files-rust.wasm cannot be fetched: 404");
      },
      { isNew: true },
    );
  });

  test("a guest that waits is stopped", async () => {
    await visit("slow-reader", async (visitor) => {
      await visitor.sees(stream("writer to the screen"), "writer waits: no permit");
      await visitor.press("■ Stop");
      await visitor.until("data-run=over");
      await visitor.sees(".guest", "stopped");
      await visitor.sees("#run", "Run");
    });
  });

  test("a gate is drawn up and let down in its picture", async () => {
    await visit("slow-reader", async (visitor) => {
      const canvas = `${stream("writer to the screen")} canvas`;
      await visitor.dragWithin(canvas, [0.66, 0.3], [0.66, 0.99]);
      await visitor.sees(".rate", "gate closed");
      await visitor.dragWithin(canvas, [0.66, 0.5], [0.3, 0.01]);
      await visitor.sees(".rate", "gate open");
      // Far from it nothing is to be dragged.
      await visitor.dragWithin(canvas, [0.2, 0.01], [0.2, 0.99]);
      await visitor.sees(".rate", "gate open");
    });
  });

  test("wires are moved with the keyboard, and with the pointer", async () => {
    await visit("pipe", async (visitor) => {
      await visitor.focus("Wire the output of copy");
      await visitor.keys("Enter");
      await visitor.sees(".target:focus", "into upper");
      await visitor.keys("ArrowRight");
      await visitor.sees(".target:focus", "into wc");
      await visitor.keys("Enter");
      await visitor.sees(stream("copy to wc"));
      await visitor.sees(stream("upper to the screen"));
      assert.equal(await visitor.count(".lane"), 2);
      assert.equal(await visitor.count(SCREEN), 2);
      await visitor.drag("[aria-label='Wire the output of upper']", ".guest[aria-label=copy]");
      await visitor.sees(stream("upper to copy"));
      await visitor.sees(stream("copy to wc"));
      assert.equal(await visitor.count(".lane"), 1);
    });
  });

  test("components and files that are opened are there", async () => {
    const note = join(folder, "note.txt");
    await writeFile(note, "a note\n");
    await visit("hello", async (visitor) => {
      await visitor.upload("#component", fileURLToPath(new URL("../guests/built/cat-files.wasm", import.meta.url)));
      await visitor.press("Take hello off the stage");
      await visitor.upload("[aria-label='Files for all guests']", note);
      await visitor.sees(".files", "/note.txt");
      await visitor.type("[aria-label='Arguments of cat-files']", "note.txt");
      await visitor.keys("Control", "Enter");
      await visitor.until("data-run=over");
      assert.equal(await visitor.text(SCREEN), "a note\n");
    });
  });

  test("an archive is the files in it, and a folder keeps its paths", async () => {
    const tree = join(folder, "tree");
    await mkdir(join(tree, "inner"), { recursive: true });
    await writeFile(join(tree, "inner", "note.txt"), "a note\n");
    await writeFile(join(folder, "stored.zip"), Buffer.from(ZIP, "base64"));
    await visit("hello", async (visitor) => {
      await visitor.upload("[aria-label='A folder for all guests']", tree);
      await visitor.sees(".files", "/tree/inner/note.txt");
      await visitor.upload("[aria-label='Files for all guests']", join(folder, "stored.zip"));
      await visitor.sees(".files", "/in.txt");
      await visitor.choose("#sample", "cat-files");
      await visitor.press("Take hello off the stage");
      await visitor.fill("[aria-label='Arguments of cat-files']", "/tree/inner/note.txt /in.txt");
      await visitor.keys("Control", "Enter");
      await visitor.until("data-run=over");
      assert.equal(await visitor.text(SCREEN), "a note\nzipped\n");
    });
  });

  test("files are dropped: guests anywhere, and what they read on the panels", async () => {
    const note = join(folder, "dropped.txt");
    await writeFile(note, "dropped\n");
    const cat = fileURLToPath(new URL("../guests/built/cat.wasm", import.meta.url));
    await visit("hello", async (visitor) => {
      await visitor.dragFiles("main", [cat], false);
      await visitor.sees("[data-dragging] #stage");
      await visitor.dragFiles("#stage", [cat, note], true);
      await visitor.sees(stream("hello to cat"));
      await visitor.sees(".files", "/dropped.txt");
      assert.equal(await visitor.count("[data-dragging]"), 0);
      await visitor.press("Take hello off the stage");
      await visitor.dragFiles(".panel.input", [note], true);
      await visitor.sees(".panel.input", "dropped.txt, 8 B");
      await visitor.press("▶ Run");
      await visitor.until("data-run=over");
      assert.equal(await visitor.text(SCREEN), "dropped\n");
      await visitor.dragFiles(".panel.details", [cat, note], true);
      await visitor.sees(stream("cat to cat"));
    });
  });

  test("who goes back is where they were, also before they chose anything", async () => {
    await visit(
      "",
      async (visitor) => {
        const chosen = ".scenes a[aria-current]";
        await visitor.sees(chosen, "Fast writer, slow reader");
        await visitor.evaluate("history.replaceState(null, '', location.pathname)");
        for (const [id, title] of [
          ["pipe", "Three in a pipe"],
          ["hello", "Hello"],
        ] as const) {
          await visitor.evaluate(`document.querySelector(".scenes a[href='#${id}']").click()`);
          await visitor.sees(chosen, title);
        }
        await visitor.evaluate("history.back()");
        await visitor.sees(chosen, "Three in a pipe");
        await visitor.evaluate("history.back()");
        await visitor.sees(chosen, "Fast writer, slow reader");
      },
      { isNew: true },
    );
  });

  test("what cannot run, or be opened, is told when it is opened, and keeps within its card", async () => {
    const built = fileURLToPath(new URL("../guests/built/", import.meta.url));
    const [loud, picture, torn, empty] = ["LOUD.WASM", "picture.wasm", "torn.wasm", "empty"].map((name) =>
      join(folder, name),
    ) as [string, string, string, string];
    const wc = await readFile(join(built, "wc.wasm"));
    await writeFile(loud, wc);
    await writeFile(torn, wc.subarray(0, 20_000));
    await writeFile(picture, Buffer.from("\x89PNG\r\n\x1a\n", "latin1"));
    await mkdir(empty);
    await visit("hello", async (visitor) => {
      for (const [path, name, why] of [
        [picture, "picture", "Expected a WebAssembly component, got 8 bytes"],
        [torn, "torn", "The component is invalid"],
        [join(built, "missing-import.wasm"), "missing-import", "Nobody here provides vendor:missing/thing@1.2.3"],
      ] as const) {
        await visitor.dragFiles("#stage", [path], true);
        await visitor.sees("#problem", `${name} cannot run here: ${why}`);
        await visitor.sees(`.guest[aria-label="${name}"] .status`, "cannot run here");
        await visitor.press("▶ Run");
        await visitor.until("data-run=over");
        await visitor.sees(".errors", why);
        const isWithin = `((card) => [...card.querySelectorAll("header, p, input")].every((part) =>
          part.getBoundingClientRect().right <= card.getBoundingClientRect().right && part.scrollWidth <= part.clientWidth + 1))
          (document.querySelector('.guest[aria-label="${name}"]'))`;
        await visitor.holds(isWithin);
        await visitor.press(`Take ${name} off the stage`);
      }
      await visitor.dragFiles("#stage", [loud], true);
      await visitor.sees(stream("hello to LOUD"));
      await visitor.dragFiles("#stage", [empty], true);
      await visitor.sees("#problem", "Not opened: there is no file in it");
      await visitor.dragFiles(".panel.input", [empty], true);
      await visitor.sees("#problem", "Not opened: empty: ");
    });
  });

  test("the page is as wide as its window, also if that is magnified to twice its size, or text alone is", async () => {
    for (const scenario of ["servers", "request", "pipe"]) {
      await visit(scenario, async (visitor) => {
        await fitsWithLargeText(visitor, WIDTHS);
        for (const width of WIDTHS) {
          await visitor.resize(width, 800);
          await visitor.holds(FITS);
        }
        await visitor.sees("#lanes:not(.downhill)");
      });
    }
  });

  test("a guest's world is told, and its environment is what is typed", async () => {
    await visit("hello", async (visitor) => {
      await visitor.choose("#sample", "env");
      await visitor.press("Take hello off the stage");
      await visitor.sees(".panel.details h2", "env");
      await visitor.evaluate(`for (const each of document.querySelectorAll(".world details")) each.open = true`);
      await visitor.sees(".world li", "wasi:cli/environment@0.2");
      await visitor.sees(".world li", "wasi:cli/run@0.2");
      await visitor.sees(".world pre", "world root {");
      await visitor.fill("[aria-label='Environment, a line each']", "RIVER=Aare\nno variable");
      await visitor.press("▶ Run");
      await visitor.until("data-run=over");
      assert.equal(await visitor.text(SCREEN), "RIVER=Aare\n");
    });
  });

  test("calls are drawn over time, and streams as water", async () => {
    await visit(
      "slow-reader",
      async (visitor) => {
        const canal = `document.querySelector(${JSON.stringify(`${stream("writer to the screen")} canvas`)})`;
        const timeline = `document.querySelector(".timeline canvas")`;
        const [dry, noCalls] = [await visitor.evaluate(painted(canal)), await visitor.evaluate(painted(timeline))];
        assert.ok(Number(dry) > 0, "walls and a gate");
        await visitor.slide("Gate from writer to the screen", 0);
        await visitor.press("▶ Run");
        await visitor.sees(stream("writer to the screen"), "64 / 64 KiB");
        await visitor.holds(`${painted(canal)} > 2 * ${String(dry)}`);
        await visitor.holds(`${painted(timeline)} > ${String(noCalls)}`);
      },
      { isNew: true, motion: "no-preference" },
    );
  });

  test("colours are those of the system, or those that were chosen, and these are kept", async () => {
    const ground = "getComputedStyle(document.body).backgroundColor";
    await visit(
      "hello",
      async (visitor) => {
        const dark = await visitor.evaluate(ground);
        await visitor.press("Colours: auto");
        const light = await visitor.evaluate(ground);
        assert.notEqual(light, dark);
        await visitor.go(`${site.origin}/docs/index.html`);
        assert.equal(await visitor.evaluate(ground), light);
        await visitor.press("Colours: light");
        assert.equal(await visitor.evaluate(ground), dark);
        await visitor.press("Colours: dark");
        await visitor.sees("[aria-label='Colours: auto']");
      },
      { isNew: true, colours: "dark" },
    );
  });

  test("a first run loads nothing any more once a guest was rehearsed", async (t) => {
    // Of an origin of which the browser keeps nothing yet.
    const anew = await serve(join(folder, "site"));
    t.after(() => anew.stop());
    const modules = (): string[] => anew.asked.filter((path) => path.endsWith(".js"));
    const play = async (visitor: Visitor): Promise<void> => {
      await visitor.until("data-rehearsed");
      const loaded = modules();
      assert.ok(loaded.length > 50);
      await visitor.press("▶ Run");
      await visitor.until("data-run=over");
      assert.equal(await visitor.text(SCREEN), "hello\n");
      assert.deepEqual(modules(), loaded);
    };
    await visit("hello", play, { isNew: true, origin: anew.origin });
  });

  test("all is reached by Tab, in the order of the page, and seen to have the focus", async () => {
    await visit(
      "pipe",
      async (visitor) => {
        await visitor.evaluate(STOPS);
        const expected = await visitor.evaluate("stops()");
        assert.ok(Array.isArray(expected) && expected.length > 50);
        const reached: unknown[] = [];
        for (const _ of expected) {
          // oxlint-disable-next-line no-await-in-loop -- a walk
          await visitor.keys("Tab");
          // oxlint-disable-next-line no-await-in-loop -- as above
          reached.push(await visitor.evaluate("stop()"));
        }
        assert.deepEqual(reached, expected);
        // No trap: the page is left.
        await visitor.keys("Tab");
        assert.equal(await visitor.evaluate("document.activeElement === document.body"), true);
      },
      { isNew: true },
    );
  });

  /** What to do until the page is in a state, after it has shown a scenario. */
  const STATES: Readonly<Record<string, readonly [scenario: string, play: (visitor: Visitor) => Promise<void>]>> = {
    "a guest is ready": ["hello", async (visitor) => visitor.sees(".guest", "ready")],
    "a guest has ended": [
      "hello",
      async (visitor) => {
        await visitor.press("▶ Run");
        await visitor.until("data-run=over");
        await visitor.evaluate(`for (const each of document.querySelectorAll("details")) each.open = true`);
        await visitor.sees(".calls-list li");
      },
    ],
    "a guest waits": [
      "slow-reader",
      async (visitor) => {
        await visitor.sees(".guest", "waits for the screen");
      },
    ],
    "a pipe runs": [
      "pipe",
      async (visitor) => {
        await visitor.press("▶ Run");
        await visitor.sees(stream("copy to upper"), "copy waits");
      },
    ],
    "a wire is moved": [
      "pipe",
      async (visitor) => {
        await visitor.focus("Wire the output of copy");
        await visitor.keys("Enter");
        await visitor.sees(".target:focus");
      },
    ],
    "a flush is in flight": [
      "flush",
      async (visitor) => {
        await visitor.press("▶ Run");
        await visitor.sees(".channel[data-state=flush]");
      },
    ],
    "a guest has failed": [
      "rule",
      async (visitor) => {
        await visitor.press("▶ Run");
        await visitor.sees(".errors a");
      },
    ],
    "a guest was stopped, and a problem is told": [
      "slow-reader",
      async (visitor) => {
        await visitor.sees(".guest", "waits");
        await visitor.press("■ Stop");
        await visitor.until("data-run=over");
        await writeFile(join(folder, "no.zip"), "no archive");
        await visitor.upload("[aria-label='Files for all guests']", join(folder, "no.zip"));
        await visitor.sees("#problem", "Not opened");
      },
    ],
    "lines are typed": [
      "question",
      async (visitor) => {
        await visitor.press("▶ Run");
        await visitor.sees(SCREEN, "name?");
      },
    ],
    "a terminal is typed in": [
      "terminal",
      async (visitor) => {
        await visitor.press("▶ Run");
        await visitor.sees(".xterm-rows", "> ");
      },
    ],
    "files stream": [
      "disk",
      async (visitor) => {
        await visitor.press("▶ Run");
        await visitor.sees(stream("/river.txt to cp"), "cp");
      },
    ],
    "a function is called": [
      "call",
      async (visitor) => {
        await visitor.sees(".call-form label");
        await visitor.press("▶ Run");
        await visitor.sees(".results");
      },
    ],
    "a request is answered": [
      "request",
      async (visitor) => {
        await visitor.slide("Gate from server to the screen", 0);
        await visitor.press("▶ Run");
        await visitor.sees(".results", "200");
      },
    ],
    "a guest asks another one": [
      "servers",
      async (visitor) => {
        await visitor.slide("Gate from proxy to the screen", 0);
        await visitor.press("▶ Run");
        await visitor.sees(".results", "proxy asks echo");
      },
    ],
    "files are dragged over it": [
      "files",
      async (visitor) => {
        await visitor.dragFiles("main", [AXE], false);
        await visitor.sees("[data-dragging]");
      },
    ],
  };

  test("documents are searched, and lead to what was found", async () => {
    await visit("hello", async (visitor) => {
      await visitor.go(`${site.origin}/docs/http.html`);
      await visitor.keys("/");
      await visitor.sees("[type=search]:focus");
      await visitor.write("never-written-by-anybody");
      await visitor.sees("#search", "nothing found");
      await visitor.keys("Escape");
      await visitor.write("answer requests in a service worker");
      await visitor.sees(".found mark", "service");
      await assertAccessible(visitor, [1280, 360]);
      await visitor.keys("Enter");
      await visitor.sees("h2:target", "Answer requests in a service worker");
      assert.match(String(await visitor.evaluate("location.pathname")), /docs\/browsers\.html$/);
    });
  });

  test("no document breaks a rule of WCAG AA that can be checked, or is wider than a phone", async () => {
    const pages = (await readdir(join(folder, "site", "docs"))).filter((name) => name.endsWith(".html"));
    assert.ok(pages.length > 20);
    await visit("hello", async (visitor) => {
      const seen = new Set<string>();
      for (const page of pages) {
        // oxlint-disable-next-line no-await-in-loop -- in one page, one after the other
        await visitor.go(`${site.origin}/docs/${page}`);
        // oxlint-disable-next-line no-await-in-loop -- as above
        await assertAccessible(visitor, [360], seen);
        // oxlint-disable-next-line no-await-in-loop -- as above
        await fitsWithLargeText(visitor, [320, 820]);
      }
    });
  });

  const seen = new Set<string>();
  for (const [state, [scenario, play]] of Object.entries(STATES)) {
    test(`breaks no rule of WCAG AA that can be checked while ${state}`, async () => {
      await visit(scenario, async (visitor) => {
        await play(visitor);
        await assertAccessible(visitor, [1280, 360], seen);
      });
    });
  }
});
