/** File descriptors keep the contract, on real pipes and files. */
import assert from "node:assert/strict";
import { closeSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { fdSource, FdSink } from "../../src/hosts/node/fd.ts";
import { checkInputStream, checkOutputStream } from "../../src/testing/index.ts";
import { memoryInput, outputOf, READ_BY, turn } from "../testing/fixtures.ts";
import { freshPath, openDescriptors, pipeInput, pipeOutput } from "./fixtures.ts";

test("FdSink over a pipe keeps every rule", async () => {
  const { skipped } = await checkOutputStream(pipeOutput);
  assert.deepEqual(new Set(skipped.map(({ reason }) => reason)), new Set(["the fixture has no fail"]));
});

for (const [version, read] of Object.entries(READ_BY)) {
  test(`fdSource over a pipe keeps every rule, read as by WASI ${version}`, async () => {
    const { skipped } = await checkInputStream(() => pipeInput(read));
    assert.deepEqual(new Set(skipped.map(({ reason }) => reason)), new Set(["the fixture has no fail"]));
  });

  test(`fdSource over a file keeps every rule, read as by WASI ${version}`, async () => {
    await checkInputStream(() => {
      const path = freshPath();
      writeFileSync(path, "");
      const fd = openSync(path, "r");
      return {
        ...read(fdSource(fd)),
        turn,
        supply: (bytes) => writeFileSync(path, bytes, { flag: "a" }),
        end: () => {},
        dispose: () => closeSync(fd),
      };
    });
  });
}

test("FdSink over a file keeps every rule", async () => {
  await checkOutputStream(() => {
    const path = freshPath();
    const fd = openSync(path, "w");
    return {
      ...outputOf(new FdSink(fd)),
      turn,
      arrived: () => readFileSync(path),
      input: () => memoryInput(),
      dispose: () => closeSync(fd),
    };
  });
});

test("FdSink over /dev/full keeps every rule about failures", async () => {
  await checkOutputStream(
    () => {
      const fd = openSync("/dev/full", "w");
      return { ...outputOf(new FdSink(fd)), turn, fail: () => {}, dispose: () => closeSync(fd) };
    },
    { only: ({ rule }) => rule === "3.16" },
  );
});

test("the checks leave no descriptor open", async () => {
  // Whatever is opened once for all is open now.
  await checkInputStream(() => pipeInput());
  await checkOutputStream(pipeOutput);
  await turn();
  const before = openDescriptors();
  await checkInputStream(() => pipeInput());
  await checkOutputStream(pipeOutput);
  for (let turns = 0; turns < 5; turns++) {
    // oxlint-disable-next-line no-await-in-loop -- descriptors are closed in later turns
    await turn();
  }
  assert.equal(openDescriptors(), before);
});
