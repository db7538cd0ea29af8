/** Connections that are broken on purpose, one rule each. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  checkConnection,
  connectionEnd,
  connectionPair,
  CONNECTION_RULES,
  type ConnectionEnd,
  type ConnectionFixture,
  type Rule,
  type Sink,
  type Source,
  type TcpConnection,
} from "../../src/testing/index.ts";
import { MemoryNetwork } from "../../src/wasi/sockets/memory-network.ts";
import { brokenRules, changed, repeating } from "./mutants.ts";

interface Mutant {
  readonly name: string;
  /** The rule and the claim that find it. */
  readonly breaks: string;
  readonly source?: (source: Source) => Partial<Source>;
  readonly sink?: (sink: Sink) => Partial<Sink>;
  readonly end?: (end: ConnectionEnd, reset: () => void) => Partial<ConnectionEnd>;
}

const NONE = new Uint8Array(0);

const MUTANTS: readonly Mutant[] = [
  {
    name: "a reset is an end",
    breaks: "9.9 a reset is told once by the input",
    source: (source) => ({
      read(max) {
        try {
          return source.read(max);
        } catch {
          return null;
        }
      },
    }),
  },
  {
    name: "a reset is told for ever",
    breaks: "9.9 a reset is told once by the input",
    end: ({ input }) => ({ input: changed(input, { read: (max) => repeating(() => input.read(max)) }) }),
  },
  {
    name: "an end is never told",
    breaks: "9.8 shutdown(send) closes the output at once",
    source: (source) => ({ read: (max) => source.read(max) ?? NONE }),
  },
  {
    name: "nobody is woken for what arrives",
    breaks: "2.3 blocking-read waits for the other end to send",
    source: () => ({ watch: () => {} }),
  },
  {
    name: "the last byte of a write is lost",
    breaks: "9.9 what is written at one end is read at the other",
    sink: (sink) => ({
      write: (bytes) => (bytes.length > 1 ? Math.min(sink.write(bytes.subarray(0, -1)) + 1, bytes.length) : 1),
    }),
  },
  {
    name: "whatever is written is taken",
    breaks: "3.1 a peer that does not read stops the writer",
    sink: () => ({ write: (bytes) => bytes.length }),
  },
  {
    name: "a writer is not woken by a reset",
    breaks: "9.9 a writer that waits hears of a reset",
    sink: () => ({ watch: () => {} }),
  },
  {
    name: "shutdown(receive) does nothing",
    breaks: "9.8 shutdown(receive) closes the input at once",
    end: (end) => ({ shutdown: (direction) => (direction === "receive" ? undefined : end.shutdown(direction)) }),
  },
  {
    name: "shutdown of one direction ends both",
    breaks: "9.8 who has ended one direction goes on with the other",
    end: (end) => ({ shutdown: () => end.shutdown("both") }),
  },
  {
    name: "shutdown(send) gives up what is buffered",
    breaks: "9.8 shutdown(send) delivers what is buffered first",
    end: (end, reset) => ({ shutdown: (direction) => (direction === "send" ? reset() : end.shutdown(direction)) }),
  },
  {
    name: "drop gives up what is buffered",
    breaks: "9.9 an end that is dropped while its peer does not read sends all that it holds",
    end: (_, reset) => ({ drop: reset }),
  },
  {
    name: "a flush is complete at once",
    breaks: "3.5 a flush is complete when the system has all",
    end: (end) => ({
      output: changed(end.output, {
        flush: () => {},
        checkWrite: async () => Number(await end.output.checkWrite()) || 1,
      }),
    }),
  },
];

async function fixtureOf(mutant: Mutant): Promise<ConnectionFixture> {
  const pair = await connectionPair(new MemoryNetwork().tcp);
  const end = (connection: TcpConnection): ConnectionEnd => {
    const { source, sink, local, remote } = connection;
    const made = connectionEnd({
      ...{ local, remote },
      source: changed(source, mutant.source?.(source)),
      sink: changed(sink, mutant.sink?.(sink)),
      configure: () => {},
      close: () => connection.close(),
      reset: () => connection.reset(),
    });
    return changed(
      made,
      mutant.end?.(made, () => connection.reset()),
    );
  };
  return { near: end(pair.near), far: end(pair.far), reset: () => pair.far.reset(), limitBytes: 1 << 20 };
}

for (const mutant of MUTANTS) {
  test(`${mutant.name}: found`, async () => {
    const found = ({ rule, claim }: Rule): boolean => `${rule} ${claim}`.startsWith(mutant.breaks);
    assert.equal(CONNECTION_RULES.filter(found).length, 1);
    assert.equal((await brokenRules(checkConnection(() => fixtureOf(mutant), { only: found }))).length, 1);
  });
}
