/** Streams and futures: whatever both sides do, in whatever order, they are told what the specification says. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../testing/properties.ts";
import { codecOf } from "../../src/abi/codec.ts";
import { COPY, SharedFuture, SharedStream } from "../../src/abi/copy.ts";
import { elementOf } from "../../src/abi/element.ts";
import { beginCopy, CopyEnd, END_KINDS } from "../../src/abi/ends.ts";
import type { Guest } from "../../src/abi/guest.ts";
import { Trap } from "../../src/io/trap.ts";
import { EndsModel, sequences } from "../../src/testing/ends-model.ts";
import {
  checkEnds,
  ContractError,
  ENDS_RULES,
  type Ends,
  type EndSide,
  type EndStep,
  type EndTold,
} from "../../src/testing/index.ts";
import { newGuest } from "./support.ts";

const U8 = elementOf(codecOf({ kind: "u8" }));
/** Where each side's buffers lie: one after the other, so that each copy has its own. */
const BUFFERS = 1024;

/** Two guests, one on each end. */
class Pair implements Ends {
  readonly #isStream: boolean;
  readonly #guests: Record<EndSide, Guest>;
  readonly #ends: Record<EndSide, CopyEnd>;
  readonly #at: Record<EndSide, number> = { read: BUFFERS, write: BUFFERS };
  /** Where the elements of the copy that is under way lie, and how many. */
  readonly #places: Record<EndSide, number> = { read: 0, write: 0 };
  /** The next number to be written: those that were not taken are written again. */
  #next = 1;
  readonly #read: number[] = [];

  constructor(isStream: boolean) {
    this.#isStream = isStream;
    const shared = isStream ? new SharedStream(U8) : new SharedFuture(U8);
    const kind = isStream ? "stream" : "future";
    this.#guests = { read: newGuest().guest, write: newGuest().guest };
    this.#ends = {
      read: new CopyEnd(END_KINDS[`${kind}.read`], shared),
      write: new CopyEnd(END_KINDS[`${kind}.write`], shared),
    };
  }

  play(step: EndStep): EndTold {
    const { side } = step;
    const end = this.#ends[side];
    switch (step.is) {
      case "copy": {
        const length = this.#isStream ? step.length : 1;
        const guest = this.#guests[side];
        const pointer = this.#at[side];
        this.#at[side] += length;
        this.#places[side] = pointer;
        if (side === "write") for (let at = 0; at < length; at++) guest.memory[pointer + at] = this.#next + at;
        beginCopy(guest, U8, end, { index: 7, pointer, length, owner: guest });
        return end.hasEvent ? this.#take(side) : undefined;
      }
      case "take":
        return this.#take(side);
      case "cancel": {
        end.state = "cancelling";
        if (!end.hasEvent) end.shared.cancel();
        const [result, count] = this.#take(side);
        return [this.#isStream && result === COPY.completed ? COPY.cancelled : result, count];
      }
      case "drop":
        end.drop();
        return undefined;
    }
  }

  received(): readonly number[] {
    return this.#read;
  }

  #take(side: EndSide): readonly [number, number] {
    const end = this.#ends[side];
    const [code, about, payload] = end.takeEvent();
    assert.deepEqual([code, about], [end.kind.event, 7]);
    const [result, told] = [payload & 15, payload >>> 4];
    const count = this.#isStream ? told : Number(result === COPY.completed);
    if (side === "write") this.#next += count;
    else this.#read.push(...this.#guests.read.memory.subarray(this.#places.read, this.#places.read + count));
    return [result, told];
  }
}

for (const kind of ["stream", "future"] as const) {
  test(`the ends of a ${kind} keep the contract`, async () => {
    const { kept } = await checkEnds(() => ({ kind, make: () => new Pair(kind === "stream") }));
    assert.deepEqual(kept, ENDS_RULES);
  });
}

/** What is wrong in each, and the first rule that shows it. */
const MUTANTS: readonly (readonly [name: string, rule: string, told: (told: EndTold, step: EndStep) => EndTold])[] = [
  ["counts one too many", "12.1", (told) => told && [told[0], told[1] + 1]],
  [
    "tells of a copy that was given up as of one that is complete",
    "12.2",
    (told, { is }) => (is === "cancel" && told ? [COPY.completed, told[1]] : told),
  ],
  [
    "has the other end drop unheard",
    "12.3",
    (told) => told && [told[0] === COPY.dropped ? COPY.completed : told[0], told[1]],
  ],
  [
    "tells nothing of a copy of nothing",
    "12.4",
    (told, step) => (step.is === "copy" && step.length === 0 ? undefined : told),
  ],
];

for (const [name, rule, told] of MUTANTS) {
  test(`the contract finds an implementation that ${name}`, async () => {
    const make = (): Ends => {
      const pair = new Pair(true);
      return { play: (step) => told(pair.play(step), step), received: () => pair.received() };
    };
    await assert.rejects(
      checkEnds(() => ({ kind: "stream", make })),
      (error) => error instanceof ContractError && error.broken.some((broken) => broken.rule === rule),
    );
  });
}

/** Plays what is allowed of `steps` on both. */
function play(isStream: boolean, steps: readonly EndStep[]): void {
  const model = new EndsModel(isStream);
  const pair = new Pair(isStream);
  const played: string[] = [];
  for (const step of steps) {
    if (!model.allows(step)) continue;
    const expected = model.play(step);
    const told = pair.play(step);
    played.push(`${step.side}.${step.is}${"length" in step ? `(${step.length})` : ""} ${String(told)}`);
    assert.equal(String(told), String(expected), played.join(", "));
  }
  assert.ok(
    pair.received().every((byte, at) => byte === at + 1),
    played.join(", "),
  );
}

test("all sequences of six steps on a stream", () => {
  let count = 0;
  for (const steps of sequences("stream", 6)) {
    play(true, steps);
    count++;
  }
  assert.ok(count > 10_000);
});

const STEPS = (["read", "write"] as const).flatMap((side): EndStep[] => [
  ...[0, 1, 2, 5].map((length): EndStep => ({ is: "copy", side, length })),
  ...(["cancel", "drop", "take"] as const).map((is): EndStep => ({ is, side })),
]);

test("long sequences of random steps", () => {
  fc.assert(fc.property(fc.boolean(), fc.array(fc.constantFrom(...STEPS), { maxLength: 60 }), play), { numRuns: 2000 });
});

test("what a guest may not do traps, and changes nothing", () => {
  const { guest } = newGuest();
  const shared = new SharedStream(U8);
  const [reader, writer] = [
    new CopyEnd(END_KINDS["stream.read"], shared),
    new CopyEnd(END_KINDS["stream.write"], shared),
  ];
  const place = { index: 1, pointer: BUFFERS, length: 4, owner: guest };
  beginCopy(guest, U8, reader, place);
  assert.throws(() => beginCopy(guest, U8, reader, place), Trap);
  assert.throws(() => reader.drop(), Trap);
  // Outside of its memory.
  assert.throws(() => beginCopy(guest, U8, writer, { ...place, pointer: 2 ** 32 - 2 }), Trap);
  assert.equal(writer.state, "idle");
  beginCopy(guest, U8, writer, place);
  assert.deepEqual(writer.takeEvent(), [END_KINDS["stream.write"].event, 1, (4 << 4) | COPY.completed]);
  assert.deepEqual(reader.takeEvent(), [END_KINDS["stream.read"].event, 1, (4 << 4) | COPY.completed]);
  const future = new CopyEnd(END_KINDS["future.write"], new SharedFuture(U8));
  assert.throws(() => future.drop(), Trap);
});

test("a component instance copies nothing but numbers to itself", () => {
  const { guest } = newGuest();
  const text = elementOf(codecOf({ kind: "string" }));
  for (const [shared, kind] of [
    [new SharedStream(text), "stream"],
    [new SharedFuture(text), "future"],
  ] as const) {
    const reader = new CopyEnd(END_KINDS[`${kind}.read`], shared);
    const writer = new CopyEnd(END_KINDS[`${kind}.write`], shared);
    const place = { index: 1, pointer: BUFFERS, length: 1, owner: guest };
    beginCopy(guest, text, reader, place);
    assert.throws(() => beginCopy(guest, text, writer, place), Trap);
  }
});
