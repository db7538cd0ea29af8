/** Streams over a log keep the contract, all of it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { LogSink } from "../../src/nats/log-sink.ts";
import { LogSource } from "../../src/nats/log-source.ts";
import {
  checkInputStream,
  checkOutputStream,
  INPUT_STREAM_RULES,
  OUTPUT_STREAM_RULES,
} from "../../src/testing/index.ts";
import { inputOf, memoryInput, outputOf } from "../testing/fixtures.ts";
import { MemoryStream, MemoryTiming } from "./memory-log.ts";

const WRITER = {
  writer: "w",
  after: 0,
  offset: 0,
  full: "fail",
  giveUpMs: Infinity,
} as const;

for (const isExclusive of [true, false]) {
  for (const windowBytes of [1, 100, 65_536]) {
    const title = isExclusive ? "a stream of its own" : "a subject of a stream";
    test(`a sink over ${title} with a window of ${windowBytes} keeps every rule of output-stream`, async () => {
      const { kept, skipped } = await checkOutputStream(() => {
        const stream = new MemoryStream();
        const sink = new LogSink(
          stream.log("s", isExclusive),
          { windowBytes, messageBytes: 1000, cut: "soon" },
          { ...WRITER, timing: new MemoryTiming() },
        );
        const stopHolding = (): void => {
          stream.fault = () => "none";
          stream.release();
        };
        return {
          ...outputOf(sink, 5000),
          arrived: () => stream.bytes("s"),
          stall: () => {
            stream.fault = () => "hold";
          },
          release: stopHolding,
          fail: () => {
            stream.isFull = true;
            stopHolding();
          },
          leave: () => {
            stream.isSealed = true;
          },
          input: () => memoryInput(),
        };
      });
      assert.deepEqual(skipped, []);
      assert.deepEqual(kept, OUTPUT_STREAM_RULES);
    });
  }
}

for (const isExclusive of [true, false]) {
  test(`a source over a log keeps every rule of input-stream (exclusive: ${isExclusive})`, async () => {
    const { kept, skipped } = await checkInputStream(() => {
      const stream = new MemoryStream();
      let offset = 0;
      const supply = (bytes: Uint8Array): void => {
        stream.put("s", bytes, { writer: "w", offset });
        offset += bytes.length;
      };
      const log = stream.log("s", isExclusive);
      return {
        ...inputOf(new LogSource(log, { from: 1, giveUpMs: Infinity, timing: new MemoryTiming() })),
        supply,
        supplyLater: supply,
        end: () => {
          const end = { exitCode: 0, digest: undefined, first: undefined };
          stream.put("s", new Uint8Array(0), { writer: "w", offset, end });
        },
        fail: () => {
          stream.isGone = true;
          stream.changed();
        },
      };
    });
    assert.deepEqual(skipped, []);
    assert.deepEqual(kept, INPUT_STREAM_RULES);
  });
}
