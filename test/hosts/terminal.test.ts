/** A terminal as a guest's streams, over the pseudo-terminal of xterm-pty, with a screen that the test plays. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { run } from "../../src/index.ts";
import { InterruptedError, openTerminal, type TerminalSide, type TerminalStreams } from "../../src/terminal.ts";
import { turn } from "../testing/fixtures.ts";
import { eventually } from "../../src/testing/index.ts";

interface Disposable {
  dispose(): void;
}

/** As much of xterm-pty as is used here. */
interface Pty {
  readonly slave: TerminalSide;
  readonly master: { activate(screen: Screen): void };
}

const PTY = "xterm-pty";
const { openpty } = (await import(PTY)) as { openpty(): Pty };

/** As much of xterm.js as a pseudo-terminal needs. */
class Screen {
  shown = "";
  #type: (data: string) => void = () => {};
  #resize: (size: { cols: number; rows: number }) => void = () => {};
  #held: (() => void)[] | undefined;

  onData(listener: (data: string) => void): Disposable {
    this.#type = listener;
    return { dispose: () => {} };
  }

  onBinary(): Disposable {
    return { dispose: () => {} };
  }

  onResize(listener: (size: { cols: number; rows: number }) => void): Disposable {
    this.#resize = listener;
    return { dispose: () => {} };
  }

  write(bytes: Uint8Array, done: () => void): void {
    this.shown += new TextDecoder().decode(bytes);
    if (this.#held) this.#held.push(done);
    else setImmediate(done);
  }

  type(text: string): void {
    this.#type(text);
  }

  resize(cols: number, rows: number): void {
    this.#resize({ cols, rows });
  }

  hold(): void {
    this.#held = [];
  }

  go(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const done of held) done();
  }
}

function opened(): { readonly screen: Screen; readonly slave: TerminalSide } {
  const { master, slave } = openpty();
  const screen = new Screen();
  master.activate(screen);
  return { screen, slave };
}

async function play(name: string, { stdin, stdout, stderr, env, signal }: TerminalStreams): Promise<number> {
  const component = await readFile(new URL(`../guests/built/${name}.wasm`, import.meta.url));
  return (await run(component, { args: [name], stdin, stdout, stderr, env, signal })).exitCode;
}

test("lines are edited and echoed, and the guest has what Enter gives; Ctrl-D is the end", async () => {
  const { screen, slave } = opened();
  const running = play("wc", openTerminal(slave));
  screen.type("one twoo\x7f\r");
  screen.type("three\r");
  screen.type("\x04");
  assert.equal(await running, 0);
  assert.ok(await eventually(() => screen.shown.includes("2 3 14"), turn));
  assert.equal(screen.shown, "one twoo\b \b\r\nthree\r\n2 3 14\r\n");
});

test("7.7 a guest hears that it has a terminal", async () => {
  const { screen, slave } = opened();
  assert.equal(await play("terminals-none", openTerminal(slave)), 1);
  assert.match(screen.shown, /stdin not to be a terminal/);
});

test("what is no terminal is refused, with what would be one", () => {
  for (const side of [undefined, null, {}, "pty", openpty()] as unknown[]) {
    assert.throws(
      // What nobody writes who has TypeScript look at it.
      () => openTerminal(side as TerminalSide),
      /^TypeError: A terminal must be what openpty\(\) of xterm-pty gives as slave; got /,
    );
  }
});

test("the guest is told how large the terminal is", () => {
  const { screen, slave } = opened();
  screen.resize(132, 43);
  assert.deepEqual(openTerminal(slave).env, { TERM: "xterm-256color", COLUMNS: "132", LINES: "43" });
});

test("Ctrl-C ends a guest that waits, and what is typed then is for the next", async () => {
  const { screen, slave } = opened();
  const first = openTerminal(slave);
  const running = play("wc", first);
  screen.type("half a li");
  screen.type("\x03");
  await assert.rejects(running, InterruptedError);
  first.close();
  screen.type("a b\r\x04");
  const next = openTerminal(slave);
  screen.type("\x04");
  assert.equal(await play("wc", next), 0);
  assert.match(screen.shown, /1 2 4\r\n$/);
});

test("a screen that does not keep up holds the guest back", async () => {
  const { screen, slave } = opened();
  screen.hold();
  const { stdout, stderr } = openTerminal(slave);
  let taken = 0;
  for (let count; (count = stdout.write(new Uint8Array(1000).fill(0x78))) > 0;) taken += count;
  assert.ok(taken <= 16_384, `${taken} bytes are taken`);
  assert.equal(stderr.write(Uint8Array.of(0x79)), 0);
  assert.equal(stdout.flush(), false);
  const woken = new Promise<void>((wake) => stdout.watch({ wake }));
  screen.go();
  await woken;
  assert.ok(await eventually(() => stdout.flush(), turn));
  assert.equal(stderr.write(Uint8Array.of(0x79)), 1);
});

test("a terminal that was let go of takes and gives no more", () => {
  const { screen, slave } = opened();
  const streams = openTerminal(slave);
  streams.close();
  assert.throws(() => streams.stdout.write(Uint8Array.of(1)), { name: "PeerClosed" });
  screen.type("\x03");
  assert.equal(streams.signal.aborted, false);
  assert.equal(streams.stdin.read(1), null);
});
