/** Inputs that say again and again that there is nothing now. */
import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { test } from "node:test";
import { run } from "../../src/index.ts";
import { compiled, until } from "./support.ts";

let asked = 0;

function none(): Uint8Array {
  asked++;
  return new Uint8Array(0);
}

function* nothing(): Generator<Uint8Array> {
  for (;;) yield none();
}

async function* nothingLater(): AsyncGenerator<Uint8Array> {
  yield* nothing();
}

const INPUTS = {
  "a function": () => none,
  "a function that answers later": () => async () => none(),
  "an iterable": nothing,
  "an async iterable": nothingLater,
  "a stream": () => new ReadableStream<Uint8Array>({ pull: (to) => to.enqueue(none()) }, { highWaterMark: 0 }),
  "a Readable": () =>
    new Readable({
      read() {
        none();
        setImmediate(() => this.push(new Uint8Array(0)));
      },
    }),
};

/** Of WASI 0.2 and 0.3, and one that gives its input away. */
for (const name of ["cat", "p3-cat", "copy-splice"]) {
  for (const [what, stdin] of Object.entries(INPUTS)) {
    test(`${what} that gives nothing for ever keeps nobody from the event loop: ${name}`, async () => {
      const component = await compiled(name);
      const controller = new AbortController();
      const before = asked;
      const running = run(component, { stdin: stdin(), stdout: "ignore", signal: controller.signal });
      await until(() => asked > before + 20);
      controller.abort(new Error("enough"));
      await assert.rejects(running, /^Error: enough$/);
    });
  }
}
