/** That there is nothing now is said by an array that is empty: whoever is given one and gives it away harms nobody else. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { iterableSource } from "../../src/index.ts";
import { ByteQueue } from "../../src/io/byte-queue.ts";
import { InputStream } from "../../src/io/input-stream.ts";
import { Pipe } from "../../src/io/pipe.ts";
import type { Source } from "../../src/io/ports.ts";
import { complete } from "../../src/io/steps.ts";
import { run } from "../../src/index.ts";
import { collector, compiled } from "../run/support.ts";

async function* later(): AsyncGenerator<string> {
  yield "text";
}

const SOURCES: Readonly<Record<string, () => Source>> = {
  "an iterable": () => iterableSource(later()),
  "a pipe": () => new Pipe(8).source,
};

for (const [what, make] of Object.entries(SOURCES)) {
  test(`what ${what} gives when there is nothing`, async () => {
    for (const max of [0, 8]) {
      const nothing = make().read(max);
      assert.equal(nothing?.length, 0);
      assert.equal(structuredClone(nothing, { transfer: [nothing.buffer] }).length, 0);
    }
    assert.equal(make().readInto?.(new Uint8Array(4), false) ?? 0, 0);
    const input = new InputStream(iterableSource(later()));
    assert.equal(input.read(4).length, 0);
    assert.equal((await complete(input.blockingRead(4))).length, 4);
    const queue = new ByteQueue();
    assert.deepEqual([queue.view.length, queue.first(4).length], [0, 0]);
    queue.push(Uint8Array.of(1));
    assert.deepEqual(queue.view, Uint8Array.of(1));
    for (const name of ["cat", "p3-cat", "copy-splice"]) {
      const stdout = collector();
      // oxlint-disable-next-line no-await-in-loop -- one guest after the other
      assert.equal((await run(await compiled(name), { stdin: later(), stdout: stdout.sink })).exitCode, 0);
      assert.equal(stdout.text(), "text", name);
    }
  });
}
