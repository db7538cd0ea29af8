/** Streams and futures: whatever both sides do, in whatever order, they are told what the specification says. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { codecOf } from "../../src/abi/codec.ts";
import { COPY, SharedFuture, SharedStream } from "../../src/abi/copy.ts";
import { elementOf } from "../../src/abi/element.ts";
import { beginCopy, CopyEnd, END_KINDS } from "../../src/abi/ends.ts";
import type { Guest } from "../../src/abi/guest.ts";
import { Trap } from "../../src/io/trap.ts";
import { newGuest } from "./support.ts";

type Side = "read" | "write";
/** `take`: the guest is given the event that its end has. */
type Step =
  | { readonly is: "copy"; readonly side: Side; readonly length: number }
  | { readonly is: "cancel" | "drop" | "take"; readonly side: Side };

const SIDES = ["read", "write"] as const;

/** What a guest is told: nothing yet, or result and number of elements. */
type Told = undefined | readonly [result: number, count: number];

interface Copy {
  readonly length: number;
  progress: number;
}

/** CanonicalABI.md, "Stream State", for elements that are numbers. */
class Model {
  readonly #isStream: boolean;
  readonly #copies: Record<Side, Copy | undefined> = { read: undefined, write: undefined };
  readonly #events: Record<Side, number | undefined> = { read: undefined, write: undefined };
  readonly #isOver: Record<Side, boolean> = { read: false, write: false };
  readonly #isGone: Record<Side, boolean> = { read: false, write: false };
  #pending: Side | undefined;
  #isDropped = false;
  moved = 0;

  constructor(isStream: boolean) {
    this.#isStream = isStream;
  }

  /** Whether a guest may do this now without a trap. */
  allows(step: Step): boolean {
    const { side } = step;
    if (this.#isGone[side]) return false;
    const copy = this.#copies[side];
    if (step.is === "copy") return !copy && !this.#isOver[side];
    if (step.is === "take") return this.#events[side] !== undefined;
    if (step.is === "cancel") return copy !== undefined;
    // The writable end of a future promises a value.
    return !copy && (this.#isStream || side === "read" || this.#isOver.write);
  }

  play(step: Step): Told {
    const { side } = step;
    switch (step.is) {
      case "copy":
        this.#copies[side] = { length: this.#isStream ? step.length : 1, progress: 0 };
        this.#begin(side);
        return this.#events[side] === undefined ? undefined : this.#take(side);
      case "take":
        return this.#take(side);
      case "cancel": {
        if (this.#events[side] === undefined) this.#notify(COPY.cancelled);
        const [result, count] = this.#take(side);
        // What is told as complete has more to come, which does not.
        return [this.#isStream && result === COPY.completed ? COPY.cancelled : result, count];
      }
      case "drop":
        this.#isGone[side] = true;
        if (this.#isDropped) return undefined;
        this.#isDropped = true;
        if (this.#pending) this.#notify(COPY.dropped);
        return undefined;
    }
  }

  #begin(side: Side): void {
    const mine = this.#copy(side);
    const other: Side = side === "read" ? "write" : "read";
    if (this.#isDropped && (this.#isStream || this.#pending !== other)) {
      this.#events[side] = COPY.dropped;
      return;
    }
    if (this.#pending !== other) {
      this.#pending = side;
      return;
    }
    const theirs = this.#copy(other);
    const room = theirs.length - theirs.progress;
    if (room > 0) {
      const count = Math.min(room, mine.length);
      mine.progress += count;
      theirs.progress += count;
      this.moved += count;
      if (count > 0 && !this.#isStream) this.#notify(COPY.completed);
      else if (count > 0) this.#events[other] = COPY.completed;
      this.#events[side] = COPY.completed;
    } else if (side === "write" && mine.length === 0 && theirs.length === 0) {
      this.#events.write = COPY.completed;
    } else {
      this.#notify(COPY.completed);
      this.#pending = side;
    }
  }

  /** Whoever waits is told, and waits no more. */
  #notify(result: number): void {
    const side = this.#pending;
    assert.ok(side);
    this.#pending = undefined;
    this.#events[side] = result;
  }

  #take(side: Side): readonly [number, number] {
    const result = this.#events[side];
    assert.ok(result !== undefined);
    const { progress } = this.#copy(side);
    this.#events[side] = undefined;
    this.#copies[side] = undefined;
    // The memory is the guest's own again.
    if (this.#pending === side) this.#pending = undefined;
    this.#isOver[side] = this.#isStream ? result === COPY.dropped : result !== COPY.cancelled;
    return [result, this.#isStream ? progress : 0];
  }

  #copy(side: Side): Copy {
    const copy = this.#copies[side];
    assert.ok(copy);
    return copy;
  }
}

const U8 = elementOf(codecOf({ kind: "u8" }));
/** Where each side's buffers lie: one after the other, so that each copy has its own. */
const BUFFERS = 1024;

/** Two guests, one on each end. */
class Real {
  readonly #isStream: boolean;
  readonly #guests: Record<Side, Guest>;
  readonly #ends: Record<Side, CopyEnd>;
  readonly #at: Record<Side, number> = { read: BUFFERS, write: BUFFERS };
  /** Where the elements of the copy that is under way lie, and how many. */
  readonly #places: Record<Side, number> = { read: 0, write: 0 };
  /** The next number to be written: those that were not taken are written again. */
  #next = 1;
  readonly read: number[] = [];

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

  play(step: Step): Told {
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

  #take(side: Side): readonly [number, number] {
    const end = this.#ends[side];
    const [code, about, payload] = end.takeEvent();
    assert.deepEqual([code, about], [end.kind.event, 7]);
    const [result, told] = [payload & 15, payload >>> 4];
    const count = this.#isStream ? told : Number(result === COPY.completed);
    if (side === "write") this.#next += count;
    else this.read.push(...this.#guests.read.memory.subarray(this.#places.read, this.#places.read + count));
    return [result, told];
  }
}

/** Plays what is allowed of `steps` on both. Returns the model, so that more may be played. */
function play(isStream: boolean, steps: readonly Step[]): Model {
  const model = new Model(isStream);
  const real = new Real(isStream);
  const played: string[] = [];
  for (const step of steps) {
    if (!model.allows(step)) continue;
    const expected = model.play(step);
    const told = real.play(step);
    played.push(`${step.side}.${step.is}${"length" in step ? `(${step.length})` : ""} ${String(told)}`);
    if (String(told) !== String(expected)) {
      assert.deepEqual(told, expected, played.join(", "));
    }
  }
  const inOrder = real.read.every((value, at) => value === at + 1);
  assert.ok(inOrder && real.read.length <= model.moved, `${played.join(", ")}: ${real.read.join()}`);
  return model;
}

const STEPS: readonly Step[] = SIDES.flatMap((side): Step[] => [
  ...[0, 1, 2].map((length): Step => ({ is: "copy", side, length })),
  { is: "cancel", side },
  { is: "drop", side },
  { is: "take", side },
]);

/** Each sequence of allowed steps of this length, once. */
function enumerate(isStream: boolean, depth: number, steps: readonly Step[], sequence: Step[] = []): number {
  const model = play(isStream, sequence);
  if (sequence.length === depth) return 1;
  let count = 0;
  for (const step of steps) {
    if (!model.allows(step)) continue;
    sequence.push(step);
    count += enumerate(isStream, depth, steps, sequence);
    sequence.pop();
  }
  return count || 1;
}

test("a stream: all sequences of six steps", () => {
  assert.ok(enumerate(true, 6, STEPS) > 10_000);
});

test("a future: all sequences of seven steps", () => {
  // Its length is one.
  const steps = STEPS.filter((step) => step.is !== "copy" || step.length === 1);
  assert.ok(enumerate(false, 7, steps) > 100);
});

test("long sequences of random steps", () => {
  const step = fc.constantFrom(...STEPS);
  fc.assert(
    fc.property(fc.boolean(), fc.array(step, { maxLength: 60 }), (isStream, steps) => void play(isStream, steps)),
    { numRuns: 2000 },
  );
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
