/** Guests whose output is each other's input, and who end with output that nobody reads any more: each ends all the same. */
import assert from "node:assert/strict";
import { Duplex, PassThrough } from "node:stream";
import { test } from "node:test";
import { Pipe, run, type Input, type Output } from "../../src/index.ts";
import { compiled } from "./support.ts";

/** What carries the output of one guest to the input of another, and holds little. */
interface Link {
  readonly input: Input;
  readonly output: Output;
}

const LINKS: Readonly<Record<string, () => Link>> = {
  "a Pipe": () => {
    const pipe = new Pipe(2);
    return { input: pipe.source, output: pipe.sink };
  },
  "a stream of Node's": () => {
    const stream = new PassThrough({ highWaterMark: 2 });
    return { input: stream, output: stream };
  },
  "a Web stream": () => {
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    return { input: readable, output: writable };
  },
  "a stream of Node's as a Web stream": () => {
    const { readable, writable } = Duplex.toWeb(new PassThrough({ highWaterMark: 2 }));
    // As Node makes them, of bytes.
    return { input: readable as ReadableStream<Uint8Array>, output: writable };
  },
};

for (const [name, link] of Object.entries(LINKS)) {
  for (const count of [1, 2, 3]) {
    test(`${count} in a circle of ${name}`, async () => {
      const component = await compiled("exit-delivers-unflushed");
      const links = Array.from({ length: count }, link);
      const results = await Promise.all(
        links.map(({ input }, at) => {
          // There is one at each place.
          const { output } = links[(at + 1) % count] as Link;
          return run(component, { stdin: input, stdout: output });
        }),
      );
      assert.deepEqual(
        results.map(({ exitCode }) => exitCode),
        Array.from({ length: count }, () => 0),
      );
    });
  }
}

test("a guest whose reader is over is told so, though what the reader wrote is not delivered yet", async () => {
  const pipe = new Pipe(2);
  const stalled = new Pipe(2);
  const reader = run(await compiled("exit-delivers-unflushed"), { stdin: pipe.source, stdout: stalled.sink });
  const errors: string[] = [];
  const writer = await run(await compiled("writer-bwf"), {
    args: ["writer-bwf", "100000"],
    stdout: pipe.sink,
    stderr: (chunk: Uint8Array) => void errors.push(Buffer.from(chunk).toString()),
  });
  assert.match(errors.join(""), /closed/);
  assert.notEqual(writer.exitCode, 0);
  stalled.source.close();
  assert.equal((await reader).exitCode, 0);
});
