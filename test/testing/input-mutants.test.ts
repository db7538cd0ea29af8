/** Input streams that are broken on purpose, one rule each. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { StreamError } from "../../src/io/errors.ts";
import { checkInputStream, type InputFixture, type InputSubject } from "../../src/testing/index.ts";
import { memoryInput } from "./fixtures.ts";
import { brokenRules, only, repeating, tagOf } from "./mutants.ts";

interface InputMutant {
  readonly name: string;
  readonly rule: string;
  readonly break: (stream: InputSubject, fixture: InputFixture) => Partial<InputSubject>;
}

/** What a call gives, or `instead` where the stream is at its end. */
function notClosed<T>(call: () => T, instead: T): T {
  try {
    return call();
  } catch (error) {
    if (tagOf(error) === "closed") return instead;
    throw error;
  }
}

const NONE = new Uint8Array(0);

const INPUT_MUTANTS: readonly InputMutant[] = [
  {
    name: "read gives more than was asked for",
    rule: "2.1",
    break: (stream) => ({ read: (max) => stream.read(Number(max) === 0 ? 0 : Number(max) + 1) }),
  },
  {
    name: "read loses a byte",
    rule: "2.1",
    break: (stream) => ({ read: async (max) => (await stream.read(max)).subarray(0, 2) }),
  },
  {
    name: "read waits",
    rule: "2.1",
    break: (stream) => ({ read: (max) => stream.blockingRead(max) }),
  },
  {
    name: "the end is an empty list",
    rule: "2.1",
    break: (stream) => ({ read: (max) => notClosed(() => stream.read(max), NONE) }),
  },
  {
    name: "the end is told once",
    rule: "2.1",
    break(stream) {
      let told = false;
      return {
        read(max) {
          try {
            return stream.read(max);
          } catch (error) {
            if (told) return NONE;
            told = true;
            throw error;
          }
        },
      };
    },
  },
  {
    name: "read(0) at the end is an empty list",
    rule: "2.1",
    break: (stream) => ({ read: (max) => (Number(max) === 0 ? NONE : stream.read(max)) }),
  },
  {
    name: "read(0) takes a byte",
    rule: "2.2",
    break: (stream) => ({
      async read(max) {
        if (Number(max) > 0) return stream.read(max);
        await stream.read(1);
        return NONE;
      },
    }),
  },
  {
    name: "u64::MAX is taken for nothing",
    rule: "1.5",
    break: (stream) => ({ read: (max) => stream.read(Number(BigInt.asUintN(32, BigInt(max) + 1n)) - 1) }),
  },
  {
    name: "blocking-read does not wait",
    rule: "2.3",
    break: (stream) => ({ blockingRead: (max) => stream.read(max) }),
  },
  {
    name: "blocking-read at the end is an empty list",
    rule: "2.3",
    break: (stream) => ({
      blockingRead: (max) => Promise.resolve(stream.blockingRead(max)).catch(() => NONE),
    }),
  },
  {
    name: "blocking-read waits for all that was asked for",
    rule: "2.3",
    break: (stream) => ({
      async blockingRead(max) {
        const all: number[] = [];
        while (all.length < Number(max)) {
          // oxlint-disable-next-line no-await-in-loop -- piece by piece
          all.push(...(await stream.blockingRead(Number(max) - all.length)));
        }
        return Uint8Array.from(all);
      },
    }),
  },
  {
    name: "skip gives a list",
    rule: "2.4",
    break: (stream) => ({
      // What a host without types does.
      skip: (max) => stream.read(max) as unknown as number,
    }),
  },
  {
    name: "skip skips more",
    rule: "2.4",
    break: (stream) => ({ skip: async (max) => Math.min(Number(max), Number(await stream.skip(Number(max) + 1))) }),
  },
  {
    name: "ready is always true",
    rule: "2.5",
    break: () => ({ subscribe: () => ({ ready: () => true, block: () => {} }) }),
  },
  {
    name: "ready is never true",
    rule: "2.5",
    break: () => ({ subscribe: () => ({ ready: () => false, block: () => {} }) }),
  },
  {
    name: "block does not wait",
    rule: "2.5",
    break: (stream) => ({
      subscribe: async () => ({ ...(await stream.subscribe()), block: () => {} }),
    }),
  },
  {
    name: "a failure is repeated",
    rule: "2.6",
    break: (stream) => ({ read: (max) => repeating(() => stream.read(max)) }),
  },
  {
    name: "a failure is closed at once",
    rule: "2.6",
    break: (stream) => ({
      read(max) {
        try {
          return stream.read(max);
        } catch {
          throw StreamError.closed();
        }
      },
    }),
  },
];

for (const mutant of INPUT_MUTANTS) {
  test(`an input stream where ${mutant.name} breaks ${mutant.rule}`, async () => {
    const make = (): InputFixture => {
      const fixture = memoryInput();
      return { ...fixture, stream: { ...fixture.stream, ...mutant.break(fixture.stream, fixture) } };
    };
    const broken = await brokenRules(checkInputStream(make, only(mutant)));
    assert.ok(broken.includes(mutant.rule), `it broke ${broken.join(", ") || "nothing"}`);
  });
}
