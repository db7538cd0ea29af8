/** Our own streams keep the contract, all of it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Pipe } from "../../src/io/pipe.ts";
import { assertPollables, poll } from "../../src/io/poll.ts";
import { Signal, type Readiness } from "../../src/io/readiness.ts";
import { complete } from "../../src/io/steps.ts";
import {
  checkInputStream,
  checkOutputStream,
  checkPollable,
  ContractError,
  FaultySource,
  INPUT_STREAM_RULES,
  OUTPUT_STREAM_RULES,
  POLLABLE_RULES,
  pollableSubject,
  type InputFixture,
  type PollableFixture,
} from "../../src/testing/index.ts";
import { inputIntoOf, inputOf, memoryInput, memoryOutput, outputOf } from "./fixtures.ts";

test("OutputStream over a sink in memory keeps every rule", async () => {
  const { kept, skipped } = await checkOutputStream(() => memoryOutput());
  assert.deepEqual(skipped, []);
  assert.deepEqual(kept, OUTPUT_STREAM_RULES);
});

for (const limitBytes of [2, 3, 4096, 5000]) {
  test(`OutputStream that holds ${limitBytes} bytes keeps every rule`, async () => {
    await checkOutputStream(() => memoryOutput(limitBytes));
  });
}

for (const writeBytes of [1, 7, 4096]) {
  test(`OutputStream over a sink that takes ${writeBytes} bytes at once keeps every rule`, async () => {
    await checkOutputStream(() => memoryOutput(10_000, { writeBytes }));
  });
}

test('OutputStream with permits: "budget" keeps every rule but 3.4', async () => {
  const { skipped } = await checkOutputStream(() => memoryOutput(8192, {}, "budget"), {
    skip: ({ rule }) => (rule === "3.4" ? "a budget is for several writes" : undefined),
  });
  assert.deepEqual(
    skipped.map(({ rule }) => rule),
    ["3.4"],
  );
});

test("InputStream over a source in memory keeps every rule", async () => {
  const { kept, skipped } = await checkInputStream(() => memoryInput());
  assert.deepEqual(skipped, []);
  assert.deepEqual(kept, INPUT_STREAM_RULES);
});

for (const readBytes of [1, 3]) {
  test(`InputStream over a source that gives ${readBytes} bytes at once keeps every rule`, async () => {
    await checkInputStream(() => memoryInput({ readBytes }));
    await checkInputStream(() => memoryInput({ readBytes }, inputIntoOf));
  });
}

test("a source that puts more into memory than it says is found out", async () => {
  for (const more of [-1, 1]) {
    const make = (): InputFixture => {
      const source = new FaultySource();
      const fills = Object.assign(source, {
        readInto(into: Uint8Array): number | null {
          const bytes = source.read(into.length);
          if (bytes === null) return null;
          into.set(bytes);
          if (more > 0) into.fill(0, bytes.length, bytes.length + more);
          return Math.max(0, bytes.length + Math.min(0, more));
        },
      });
      return { ...inputIntoOf(fills), supply: (bytes) => source.supply(bytes), end: () => source.end() };
    };
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await assert.rejects(checkInputStream(make), ContractError);
  }
});

test("both ends of a Pipe keep every rule", async () => {
  const { skipped } = await checkInputStream(() => {
    const { source, sink } = new Pipe();
    return {
      ...inputOf(source),
      supply: (bytes) => void sink.write(bytes),
      supplyLater: (bytes) => void sink.write(bytes),
      end: () => sink.close(),
    };
  });
  // A pipe whose writer fails drops what it holds, so that "fail" means something else there.
  assert.deepEqual(new Set(skipped.map(({ rule }) => rule)), new Set(["2.6"]));
  await checkOutputStream(() => {
    const { source, sink } = new Pipe(1000);
    const all: number[] = [];
    let reading = true;
    const drain = (): void => {
      if (!reading) return;
      for (let bytes = source.read(64); bytes && bytes.length > 0; bytes = source.read(64)) all.push(...bytes);
    };
    source.watch({ wake: drain });
    return {
      ...outputOf(sink, 500),
      arrived: () => Uint8Array.from(all),
      stall: () => {
        reading = false;
      },
      release: () => {
        reading = true;
        drain();
      },
      leave: () => source.close(),
      input: () => memoryInput(),
    };
  });
});

class Flag implements Readiness {
  readonly changed = new Signal();
  up = false;

  ready(): boolean {
    return this.up;
  }

  watch(...args: Parameters<Signal["watch"]>): void {
    this.changed.watch(...args);
  }

  unwatch(...args: Parameters<Signal["unwatch"]>): void {
    this.changed.unwatch(...args);
  }

  set(up: boolean): void {
    this.up = up;
    this.changed.notify();
  }
}

test("pollables and poll keep every rule", async () => {
  const { kept, skipped } = await checkPollable((): PollableFixture => {
    const flag = new Flag();
    // Which readiness a subject stands for.
    const pollable = pollableSubject(flag);
    return {
      pollable,
      another: () => pollableSubject(flag),
      makeReady: () => flag.set(true),
      makeUnready: () => flag.set(false),
      poll: (list) => {
        assertPollables(list.length, Infinity);
        return complete(poll(list.map(() => flag)));
      },
    };
  });
  assert.deepEqual(skipped, []);
  assert.deepEqual(kept, POLLABLE_RULES);
});
