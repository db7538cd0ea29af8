/** The checks bite: streams that are broken on purpose, one rule each, are caught by that rule. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { StreamError } from "../../src/io/errors.ts";
import { Trap } from "../../src/io/trap.ts";
import {
  checkInputStream,
  checkOutputStream,
  checkPollable,
  ContractError,
  microtasks,
  type CheckOptions,
  type InputFixture,
  type InputSubject,
  type OutputFixture,
  type OutputSubject,
  type PollableFixture,
  type PollableSubject,
} from "../../src/testing/index.ts";
import { memoryInput, memoryOutput } from "./fixtures.ts";

/** The rules that a check finds broken. */
async function brokenRules(check: Promise<unknown>): Promise<string[]> {
  try {
    await check;
    return [];
  } catch (error) {
    assert.ok(error instanceof ContractError, String(error));
    for (const { rule, claim } of error.broken) assert.ok(error.message.includes(`${rule} ${claim}`));
    return error.broken.map(({ rule }) => rule);
  }
}

/** Tries the rule that a mutant breaks, and no other. */
function only(mutant: { readonly rule: string }): CheckOptions {
  return { only: ({ rule }) => rule === mutant.rule };
}

interface OutputMutant {
  readonly name: string;
  /** The rule that it breaks. It may break others by that. */
  readonly rule: string;
  readonly break: (stream: OutputSubject, fixture: OutputFixture) => Partial<OutputSubject>;
}

const failed = StreamError.failed(new Error("again"));

function tagOf(error: unknown): unknown {
  return error instanceof StreamError ? error.payload.tag : undefined;
}

/** Says `tag` again where the stream is closed. */
function repeating<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw tagOf(error) === "closed" ? failed : error;
  }
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
          stream.checkWrite();
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

const POLLABLE_MUTANTS: readonly {
  readonly name: string;
  readonly rule: string;
  readonly break: (flag: { up: boolean }) => Partial<PollableSubject> & Pick<PollableFixture, "poll">;
}[] = [
  { name: "ready says yes when it is asked often", rule: "4.2", break: () => asksOften() },
  {
    name: "ready says it once",
    rule: "4.2",
    break(flag) {
      let told = false;
      return {
        ready() {
          const answer = flag.up && !told;
          told ||= answer;
          return answer;
        },
      };
    },
  },
  { name: "block returns at once", rule: "4.3", break: () => ({ block: () => {} }) },
  { name: "block never returns", rule: "4.3", break: () => ({ block: () => new Promise(() => {}) }) },
  { name: "poll of nothing gives nothing", rule: "4.4", break: () => ({ poll: () => [] }) },
  { name: "poll gives the first only", rule: "4.6", break: () => ({ poll: (list) => (list.length > 0 ? [0] : []) }) },
  {
    name: "poll gives positions as they come",
    rule: "4.7",
    break: () => ({ poll: (list) => [...list.keys()].toReversed() }),
  },
];

function asksOften(): Partial<PollableSubject> {
  let asked = 0;
  return { ready: () => ++asked > 50 };
}

for (const mutant of POLLABLE_MUTANTS) {
  test(`a pollable where ${mutant.name} breaks ${mutant.rule}`, async () => {
    const make = (): PollableFixture => {
      const flag = { up: false };
      const waiting: (() => void)[] = [];
      const { poll, ...own } = mutant.break(flag);
      const pollable = {
        ready: () => flag.up,
        block: () => (flag.up ? undefined : new Promise<void>((resolve) => void waiting.push(resolve))),
        ...own,
      };
      return {
        pollable,
        another: () => pollable,
        makeReady() {
          flag.up = true;
          for (const resolve of waiting) resolve();
        },
        ...(poll && { poll }),
      };
    };
    const broken = await brokenRules(checkPollable(make, only(mutant)));
    assert.ok(broken.includes(mutant.rule), `it broke ${broken.join(", ") || "nothing"}`);
  });
}

test("a fixture without controls is told what could not be tried", async () => {
  const { stream } = memoryOutput();
  const { skipped } = await checkOutputStream(() => ({ stream }), { only: ({ rule }) => rule === "3.16" });
  assert.ok(skipped.length > 0);
  for (const { reason } of skipped) assert.match(reason, /^the fixture has no (stall, )?fail$/);
});

test("a rule can be left out, with a reason", async () => {
  const { skipped, kept } = await checkInputStream(() => memoryInput(), {
    skip: ({ rule }) => (rule === "2.3" ? "it cannot wait" : undefined),
  });
  assert.ok(skipped.every(({ rule, reason }) => rule === "2.3" && reason === "it cannot wait"));
  assert.ok(kept.every(({ rule }) => rule !== "2.3"));
});

test("each fixture is released, also of a claim that does not hold", async () => {
  let open = 0;
  const make = (): InputFixture => {
    open++;
    const { stream, ...fixture } = memoryInput();
    return { ...fixture, stream: { ...stream, read: () => NONE }, dispose: () => microtasks().then(() => open--) };
  };
  await brokenRules(checkInputStream(make));
  assert.equal(open, 0);
});
