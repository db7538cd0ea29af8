/** A terminal that gives and throws what nobody expects: who opens it is told, or its guest's run ends with an error that names it. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { InternalError, run, type CompiledComponent } from "../../src/index.ts";
import { openTerminal, type TerminalSide } from "../../src/terminal.ts";
import { GIVEN, THROWN, type Act } from "./odd-acts.ts";
import { compiled, turn } from "./support.ts";

/** Somebody types a line, the end, and Ctrl-C too late; what is shown is shown at once. */
class Terminal {
  readable = false;
  #onReadable: () => void = () => {};
  #onWritable: () => void = () => {};
  #typed: number[][] = [[97, 10], []];
  /** How many listen. */
  listeners = 0;

  read(): number[] {
    return this.#typed.shift() ?? [];
  }

  write(): unknown {
    setImmediate(() => this.#onWritable());
    return undefined;
  }

  onReadable(listener: () => void): { dispose(): void } {
    this.#onReadable = listener;
    setImmediate(() => {
      this.#onReadable();
      this.#onReadable();
    });
    return { dispose: () => {} };
  }

  onWritable(listener: () => void): { dispose(): void } {
    this.#onWritable = listener;
    return this.#listening();
  }

  onSignal(): { dispose(): void } {
    return this.#listening();
  }

  ioctl(): unknown {
    return [80, 24];
  }

  #listening(): { dispose(): void } {
    this.listeners++;
    return { dispose: () => void this.listeners-- };
  }
}

const METHODS = ["read", "write", "onReadable", "onWritable", "onSignal", "ioctl", "readable", "dispose"];

const unhandled: unknown[] = [];
const note = (error: unknown): void => void unhandled.push(error);
let component: CompiledComponent;
before(async () => {
  for (const event of ["unhandledRejection", "uncaughtException"]) process.on(event, note);
  component = await compiled("cat");
});
after(() => {
  for (const event of ["unhandledRejection", "uncaughtException"]) process.off(event, note);
});

function odd(method: string, act: Act): TerminalSide {
  const terminal = new Terminal();
  const own = method === "readable" ? { get: act } : { value: act };
  if (method === "dispose") {
    Object.defineProperty(terminal, "onSignal", { value: () => ({ dispose: act }) });
  } else Object.defineProperty(terminal, method, own);
  // That is what it is about.
  return terminal as unknown as TerminalSide;
}

async function play(side: TerminalSide): Promise<void> {
  try {
    const { stdin, stdout, stderr, env, signal, close } = openTerminal(side);
    try {
      await run(component, { stdin, stdout, stderr, env, signal });
    } finally {
      close();
    }
  } catch (error) {
    assert.ok(error instanceof InternalError, String(error));
    assert.match(error.message, /^(?:terminal|stdin|stdout|stderr)\./);
  }
  await turn();
  assert.deepEqual(unhandled.splice(0), []);
}

test("a terminal that is none of these", async () => {
  const side = new Terminal();
  await play(side as unknown as TerminalSide);
  assert.equal(side.listeners, 0);
});

for (const method of METHODS) {
  for (const [what, make] of Object.entries(THROWN)) {
    test(`${method} throws ${what}`, () =>
      play(
        odd(method, () => {
          throw make();
        }),
      ));
  }
  for (const [what, act] of Object.entries(GIVEN)) {
    // Of these what is given is nothing, and the guest would wait for what nobody tells; an array of small numbers is typed.
    if (/^write|^on(?:Read|Writ)able/.test(method) || (method === "read" && what === "a frozen array")) continue;
    test(`${method} gives ${what}`, () => play(odd(method, act)));
  }
}

for (const given of [
  undefined,
  [256],
  [-1],
  [1.5],
  ["a"],
  "text",
  new Uint8Array(2),
  { length: 2 ** 40 },
  [97, undefined],
]) {
  test(`read gives ${JSON.stringify(given) ?? "nothing"}`, () => play(odd("read", () => given)));
}

for (const given of [[], [80], [NaN, 24], [80, "24"], [-1, 24], [2 ** 32, 1]]) {
  test(`the size is ${JSON.stringify(given)}`, () => {
    assert.throws(() => openTerminal(odd("ioctl", () => given)), {
      name: "InternalError",
      message: /^terminal\.ioctl: expected columns and rows, got /,
    });
  });
}

test("an output that cannot be shown holds the other up no more", () => {
  const { stdout, stderr } = openTerminal(
    odd("write", () => {
      throw new Error("on purpose");
    }),
  );
  assert.throws(() => stdout.write(Uint8Array.of(97)), InternalError);
  assert.throws(() => stderr.write(Uint8Array.of(97)), InternalError);
});
