/** Output streams that are broken on purpose, one rule each. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { StreamError } from "../../src/io/errors.ts";
import { Trap } from "../../src/io/trap.ts";
import { checkOutputStream, type OutputFixture, type OutputSubject } from "../../src/testing/index.ts";
import { memoryOutput } from "./fixtures.ts";
import { brokenRules, failed, only, repeating, tagOf } from "./mutants.ts";

interface OutputMutant {
  readonly name: string;
  /** The rule that it breaks. It may break others by that. */
  readonly rule: string;
  readonly break: (stream: OutputSubject, fixture: OutputFixture) => Partial<OutputSubject>;
}

const OUTPUT_MUTANTS: readonly OutputMutant[] = [
  {
    name: "a permit of one byte too many",
    rule: "3.2",
    break: (stream) => ({ checkWrite: () => Number(stream.checkWrite()) + 1 }),
  },
  {
    name: "a permit of one byte too few",
    rule: "3.2",
    break: (stream) => ({ checkWrite: () => Math.max(0, Number(stream.checkWrite()) - 1) }),
  },
  {
    name: "a permit that does not shrink",
    rule: "3.1",
    break(stream) {
      const queue: Uint8Array[] = [];
      return {
        checkWrite: () => Number(stream.checkWrite()) || 65_536,
        write: (bytes) => (Number(stream.checkWrite()) >= bytes.length ? stream.write(bytes) : void queue.push(bytes)),
      };
    },
  },
  {
    name: "no permit is ever given",
    rule: "3.1",
    break: () => ({ checkWrite: () => 0 }),
  },
  {
    name: "any write is accepted",
    rule: "3.3",
    break: (stream) => ({
      write(bytes) {
        if (bytes.length <= Number(stream.checkWrite())) return stream.write(bytes);
        throw new Trap("3.2", "too much");
      },
    }),
  },
  {
    name: "a permit is never spent",
    rule: "3.4",
    break(stream) {
      let permit = 0;
      return {
        checkWrite: () => (permit = Number(stream.checkWrite())),
        write(bytes) {
          if (bytes.length <= permit && permit <= Number(stream.checkWrite())) return stream.write(bytes);
          if (bytes.length <= permit) return undefined;
          return stream.write(bytes);
        },
      };
    },
  },
  {
    name: "what was written is not copied",
    rule: "3.2",
    break(stream) {
      const later: Uint8Array[] = [];
      const writeLater = (): void => {
        for (const bytes of later.splice(0)) {
          void stream.checkWrite();
          void stream.write(bytes);
        }
      };
      return {
        write(bytes) {
          if (bytes.length === 0 || later.length > 0) return stream.write(bytes);
          later.push(bytes);
          return undefined;
        },
        flush() {
          writeLater();
          return stream.flush();
        },
      };
    },
  },
  {
    name: "flush does nothing",
    rule: "3.5",
    break: () => ({ flush: () => {}, blockingFlush: () => {} }),
  },
  {
    name: "blocking-flush does not wait",
    rule: "3.7",
    break: (stream) => ({ blockingFlush: () => void stream.flush() }),
  },
  {
    name: "a write during a flush is dropped",
    rule: "3.6",
    break(stream) {
      return {
        write(bytes) {
          try {
            return stream.write(bytes);
          } catch (error) {
            if (error instanceof Trap && error.rule === "3.6") return undefined;
            throw error;
          }
        },
      };
    },
  },
  {
    name: "blocking-write-and-flush takes any size",
    rule: "3.8",
    break: (stream) => ({
      async blockingWriteAndFlush(bytes: Uint8Array) {
        for (let start = 0; start === 0 || start < bytes.length; start += 4096) {
          // oxlint-disable-next-line no-await-in-loop -- piece by piece
          await stream.blockingWriteAndFlush(bytes.subarray(start, start + 4096));
        }
      },
    }),
  },
  {
    name: "blocking-write-and-flush does not wait for the flush",
    rule: "3.8",
    break: (stream) => ({
      blockingWriteAndFlush(bytes) {
        void Promise.resolve(stream.blockingWriteAndFlush(bytes)).catch(() => {});
      },
    }),
  },
  {
    name: "write-zeroes writes nothing",
    rule: "3.9",
    break: (stream) => ({ writeZeroes: (count) => void (Number(count) > 4 ? 0 : stream.writeZeroes(count)) }),
  },
  {
    name: "write-zeroes of too much is cut short",
    rule: "3.9",
    break: (stream) => ({
      writeZeroes: (count) => stream.writeZeroes(Math.min(Number(count), Number(stream.checkWrite()))),
    }),
  },
  {
    name: "blocking-write-zeroes-and-flush takes any size",
    rule: "3.10",
    break: (stream) => ({
      blockingWriteZeroesAndFlush: (count) => stream.blockingWriteZeroesAndFlush(Math.min(Number(count), 4096)),
    }),
  },
  {
    name: "splice moves more than was asked for",
    rule: "3.11",
    break: (stream) => ({ splice: (source, max) => stream.splice(source, Number(max) + 1) }),
  },
  {
    name: "splice reads before it has a permit",
    rule: "3.11",
    break: (stream) => ({
      splice: (source, max) =>
        Number(stream.checkWrite()) > 0 ? stream.splice(source, max) : (void source.read(max), 0),
    }),
  },
  {
    name: "splice at the end of the source moves nothing",
    rule: "3.11",
    break: (stream) => ({
      splice(source, max) {
        try {
          return stream.splice(source, max);
        } catch (error) {
          if (tagOf(error) === "closed") return 0;
          throw error;
        }
      },
    }),
  },
  {
    name: "blocking-splice does not wait for the source",
    rule: "3.12",
    break: (stream) => ({ blockingSplice: (source, max) => stream.splice(source, max) }),
  },
  {
    name: "ready is always true",
    rule: "3.14",
    break: () => ({ subscribe: () => ({ ready: () => true, block: () => {} }) }),
  },
  {
    name: "ready looks at the room and forgets the flush",
    rule: "3.5",
    break(stream, fixture) {
      let flushing = false;
      return {
        flush() {
          flushing = true;
          return stream.flush();
        },
        subscribe: () => ({ ready: () => flushing || ready(stream), block: () => fixture.turn?.() }),
      };
    },
  },
  {
    name: "a failure is repeated",
    rule: "3.16",
    break: (stream) => ({
      checkWrite: () => repeating(() => stream.checkWrite()),
      write: (bytes) => repeating(() => stream.write(bytes)),
    }),
  },
  {
    name: "a failure is closed at once",
    rule: "3.16",
    break: (stream) => ({
      checkWrite() {
        try {
          return stream.checkWrite();
        } catch {
          throw StreamError.closed();
        }
      },
    }),
  },
  {
    name: "a failure is lost",
    rule: "3.16",
    break(stream) {
      return {
        checkWrite() {
          try {
            return stream.checkWrite();
          } catch {
            return 65_536;
          }
        },
        write(bytes) {
          try {
            return stream.write(bytes);
          } catch (error) {
            if (error instanceof Trap) throw error;
            return undefined;
          }
        },
      };
    },
  },
  {
    name: "a reader that goes away is a failure",
    rule: "7.4",
    break(stream) {
      let told = false;
      return {
        flush() {
          try {
            return stream.flush();
          } catch (error) {
            if (told) throw error;
            told = true;
            throw failed;
          }
        },
        write(bytes) {
          try {
            return stream.write(bytes);
          } catch (error) {
            if (told || error instanceof Trap) throw error;
            told = true;
            throw failed;
          }
        },
      };
    },
  },
  {
    name: "an oversized write on a closed stream traps",
    rule: "3.2",
    break: (stream) => ({
      write(bytes) {
        if (bytes.length > 100_000) throw new Trap("3.2", "too much");
        return stream.write(bytes);
      },
    }),
  },
];

async function ready(stream: OutputSubject): Promise<boolean> {
  return (await stream.subscribe()).ready();
}

for (const mutant of OUTPUT_MUTANTS) {
  test(`an output stream where ${mutant.name} breaks ${mutant.rule}`, async () => {
    const make = (): OutputFixture => {
      const fixture = memoryOutput(8192);
      return { ...fixture, stream: { ...fixture.stream, ...mutant.break(fixture.stream, fixture) } };
    };
    const broken = await brokenRules(checkOutputStream(make, only(mutant)));
    assert.ok(broken.includes(mutant.rule), `it broke ${broken.join(", ") || "nothing"}`);
  });
}
