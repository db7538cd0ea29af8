/**
 * The oracle: what a guest may be told, by docs/contract.md. Where the contract leaves a choice (small writes may be held
 * together, 3.2; a guest may be made to give way, 4.9) it follows every one: a state for each.
 */
import {
  FIRST_POLLABLE,
  hashOf,
  inputByte,
  SLOTS,
  type Answer,
  type Call,
  type Happening,
  type Setup,
} from "./calls.ts";
import { DiskModel, FileSinkModel, FileSourceModel, type Done } from "./model-disk.ts";
import { OutletModel, SinkModel, SourceModel, type Broken } from "./model-ports.ts";

type Slot =
  | { readonly is: "output"; readonly outlet: number; granted: number; isFlushing: boolean; pollables: number }
  /** `file` is the number of its source; none for standard input. */
  | { readonly is: "input"; readonly file: number | undefined; isClosed: boolean; pollables: number }
  | { readonly is: "pollable"; readonly of: number }
  | { readonly is: "timer"; readonly deadline: number; hasTurned: boolean };

type Output = Slot & { readonly is: "output" };
type Input = Slot & { readonly is: "input" };

/** What ends a guest: the rule that it broke, or how it went. */
export class Ended extends Error {
  readonly how: string;

  constructor(how: string) {
    super(how);
    this.how = how;
  }
}

/** The guest would still wait. */
export class Waits extends Error {}

/** Bytes that may be held together in one stream's place, and the largest write that may be. */
const MOST_STAGED = 16 * 1024;
const PIECE_BYTES = 4096;
const BLOCKING_BYTES = 4096;

/** One of the states that the world may be in. */
export class State {
  readonly setup: Setup;
  readonly outlets: OutletModel[];
  source: SourceModel;
  disk: DiskModel;
  files: FileSourceModel[] = [];
  sinks: (SinkModel | FileSinkModel)[];
  slots: (Slot | undefined)[] = Array.from({ length: SLOTS });
  /** What the guest has been permitted by its own account: see `write`. */
  permits: number[] = Array.from({ length: SLOTS }, () => 0);
  now = 0;
  /** Bytes that are held together, and the slot of their stream. */
  staged = 0;
  stagedSlot = 0;
  /** How many of the happenings during these calls have come to pass. */
  cursor = 0;

  constructor(setup: Setup) {
    this.setup = setup;
    this.sinks = setup.sinks.map((sink) => new SinkModel(sink));
    this.outlets = this.sinks.map((sink) => new OutletModel(sink, setup.bufferBytes));
    this.source = new SourceModel(setup.source);
    this.disk = new DiskModel(setup.disk);
  }

  clone(): State {
    const disk = this.disk.clone();
    const sinks = this.sinks.map((sink) => (sink instanceof SinkModel ? sink.clone() : sink.clone(disk)));
    return Object.assign(new State(this.setup), this, {
      disk,
      sinks,
      // As many as there are sinks.
      outlets: this.outlets.map((outlet, at) => outlet.clone(sinks[at] ?? outlet.sink)),
      files: this.files.map((file) => file.clone(disk)),
      source: this.source.clone(),
      slots: this.slots.map((slot) => slot && { ...slot }),
      permits: [...this.permits],
    });
  }

  /** What two states have that are the same. */
  get key(): string {
    const { outlets, sinks, source, disk, files, slots, now, staged, stagedSlot, cursor, permits } = this;
    return JSON.stringify([
      outlets.map(({ sink: _, ...outlet }) => outlet),
      sinks.map((sink) => ({ ...sink, setup: 0, disk: 0 })),
      files.map((file) => ({ ...file, disk: 0 })),
      [disk.size, disk.calls, disk.underway],
      [source.left, source.given, source.allowed, source.over, source.isTold],
      [slots, now, staged, stagedSlot, cursor, permits],
    ]);
  }

  /** The sink gets what was held together. */
  unstage(): void {
    const { staged } = this;
    if (staged === 0) return;
    this.staged = 0;
    this.outletOf(this.output(this.stagedSlot)).accept(staged);
  }

  /** The guest is out of the way: all promises that can settle have done so. */
  settle(): void {
    this.unstage();
    for (const outlet of this.outlets) outlet.settle();
  }

  happen(happening: Happening): void {
    switch (happening.event) {
      case "release":
      case "stall":
      case "fail":
      case "leave":
        this.#sinkHappens(happening);
        break;
      case "supply":
        // Nothing comes after the end.
        if (!this.source.over) this.source.left += happening.bytes;
        break;
      case "release-source":
        this.source.allowed = happening.bytes;
        break;
      case "end":
        this.source.over ??= "closed";
        break;
      case "fail-source":
        this.source.over ??= "failed";
        break;
      case "advance":
        this.now += happening.ns;
        this.#turn();
        break;
      case "turn":
      case "fire-early":
        this.#turn();
        break;
      case "abort":
        for (const outlet of this.outlets) outlet.abort();
        break;
      case "disk":
        this.#carryOut();
        break;
    }
    this.settle();
  }

  /** All that is under way is done, and then those who asked for it hear of it. */
  #carryOut(): void {
    const { underway } = this.disk;
    this.disk.underway = [];
    const done = underway.map((one): Done => ({ ...one, count: one.fails ? 0 : this.#counted(one) }));
    for (const one of done) {
      const file = this.files[one.read ?? -1];
      if (file) {
        if (one.fails) file.state = "failed";
        else file.arrive(one.count);
      }
      const sink = this.sinks[one.write ?? -1];
      if (sink instanceof FileSinkModel && sink.goOn(one)) this.outlets[one.write ?? -1]?.notified();
    }
  }

  #counted({ read, write, bytes }: DiskModel["underway"][number]): number {
    const file = this.files[read ?? -1];
    if (file) return this.disk.read(bytes, file.position);
    const sink = this.sinks[write ?? -1];
    return sink instanceof FileSinkModel ? sink.putNow(bytes) : 0;
  }

  #sinkHappens(happening: Happening & { readonly at: number }): void {
    const outlet = this.outlets[happening.at];
    const sink = this.sinks[happening.at];
    if (!outlet || !(sink instanceof SinkModel)) return;
    if (happening.event === "stall") sink.allowed = 0;
    else if (happening.event === "release") [sink.allowed, sink.isDirty] = [happening.bytes, false];
    else sink.gone ??= happening.event === "fail" ? "failed" : "closed";
    if (happening.event !== "stall") outlet.notified();
  }

  #turn(): void {
    for (const slot of this.slots) if (slot?.is === "timer" && slot.deadline <= this.now) slot.hasTurned = true;
  }

  output(slot: number): Output {
    const found = this.slots[slot];
    if (found?.is !== "output") throw new TypeError(`There is no output stream in slot ${slot}`);
    return found;
  }

  input(slot: number): Input {
    const found = this.slots[slot];
    if (found?.is !== "input") throw new TypeError(`There is no input stream in slot ${slot}`);
    return found;
  }

  sourceOf({ file }: Input): SourceModel | FileSourceModel {
    return (file === undefined ? undefined : this.files[file]) ?? this.source;
  }

  outletOf({ outlet }: Output): OutletModel {
    const found = this.outlets[outlet];
    if (!found) throw new TypeError(`There is no outlet ${outlet}`);
    return found;
  }

  isReady(slot: number): boolean {
    const found = this.slots[slot];
    switch (found?.is) {
      case "output":
        return this.outletOf(found).isReady;
      case "input":
        return found.isClosed || this.sourceOf(found).isReady;
      case "pollable":
        return this.isReady(found.of);
      case "timer":
        return found.hasTurned && this.now >= found.deadline;
      case undefined:
        return false;
    }
  }
}

/**
 * The guest has ended, and what it wrote is delivered before anybody hears of it: what of `happenings` that takes. Gives
 * how it has ended then; nothing if it should have been over before.
 */
export function ending(state: State, how: string, happenings: readonly Happening[]): string | undefined {
  let ended = how;
  state.settle();
  let isDone = finished(state);
  for (const happening of happenings.slice(state.cursor)) {
    if (isDone) return undefined;
    state.happen(happening);
    if (happening.event === "abort") ended = "aborted";
    isDone = finished(state);
  }
  return isDone ? ended : undefined;
}

function finished({ outlets }: State): boolean {
  return outlets.map((outlet) => outlet.finish()).every((done) => done);
}

/** What a guest sees of a state, call by call. */
export class Guest {
  readonly #state: State;
  /** What came to pass while these calls were made. */
  readonly #happenings: readonly Happening[];
  /** Whether it had to wait. */
  hasWaited = false;

  constructor(state: State, happenings: readonly Happening[]) {
    this.#state = state;
    this.#happenings = happenings;
  }

  /** Whether a call is made at all: all slots are as it needs them. */
  static fits({ slots }: State, { name, a, b }: Call): boolean {
    const full = (slot: number): boolean => slots[slot] !== undefined;
    switch (name) {
      case "get-stdout":
      case "get-stderr":
      case "get-stdin":
      case "timer":
      case "open-read":
      case "open-write":
      case "open-append":
        return !full(a);
      case "subscribe":
        return full(a) && !full(b);
      case "splice":
      case "blocking-splice":
        return full(a) && full(b);
      case "poll":
        return pollablesOf(a).some(full) || (a & 512) !== 0;
      case "exit":
      case "trap":
      case "unknown-handle":
        return true;
      default:
        return full(a);
    }
  }

  /**
   * The answer to `call`, if nothing was held together before. @throws {Ended} With the guest. @throws {Waits} For ever,
   * as far as these happenings go.
   */
  answer(call: Call): Answer {
    try {
      return { status: "ok", ...this.#answer(call) };
    } catch (error) {
      if (error instanceof Told) return { status: error.how, count: 0, hash: 0 };
      throw error;
    }
  }

  #answer({ name, a, b, c }: Call): Pick<Answer, "count" | "hash"> {
    const state = this.#state;
    switch (name) {
      case "get-stdout":
      case "get-stderr":
        state.slots[a] = {
          is: "output",
          outlet: name === "get-stdout" ? 0 : 1,
          granted: 0,
          isFlushing: false,
          pollables: 0,
        };
        return NOTHING;
      case "get-stdin":
        state.slots[a] = { is: "input", file: undefined, isClosed: false, pollables: 0 };
        return NOTHING;
      case "open-read":
        state.slots[a] = { is: "input", file: state.files.length, isClosed: false, pollables: 0 };
        state.files.push(new FileSourceModel(state.files.length, state.disk, b));
        return NOTHING;
      case "open-write":
      case "open-append":
        this.#openOutput(a, name === "open-write" ? b : undefined);
        return NOTHING;
      case "drop":
        this.#drop(a);
        return NOTHING;
      case "subscribe": {
        const parent = state.slots[a];
        if (parent?.is === "output" || parent?.is === "input") parent.pollables++;
        state.slots[b] = { is: "pollable", of: a };
        return NOTHING;
      }
      case "timer":
        state.slots[a] = { is: "timer", deadline: state.now + b, hasTurned: b > 0 };
        return NOTHING;
      case "ready":
        return countOf(state.isReady(a) ? 1 : 0);
      case "block":
      case "spin-ready":
        this.#wait(() => state.isReady(a));
        return countOf(name === "block" ? 0 : 1);
      case "poll":
        return countOf(this.#poll(a));
      case "read":
      case "skip":
        return this.#read(a, b, name === "read");
      case "spin-read":
      case "blocking-read":
      case "blocking-skip":
        return this.#blockingRead(a, b, name !== "blocking-skip");
      case "exit":
        throw new Ended(`exit ${a}`);
      case "trap":
        throw new Ended("unreachable");
      case "unknown-handle":
        throw new Ended("1.2");
      default:
        return countOf(this.#output({ name, a, b, c }));
    }
  }

  /** @param position Undefined for the end. */
  #openOutput(slot: number, position: number | undefined): void {
    const { outlets, sinks, disk, setup, slots } = this.#state;
    const sink = new FileSinkModel(sinks.length, disk, position);
    slots[slot] = { is: "output", outlet: outlets.length, granted: 0, isFlushing: false, pollables: 0 };
    sinks.push(sink);
    outlets.push(new OutletModel(sink, setup.bufferBytes));
  }

  #drop(slot: number): void {
    const state = this.#state;
    const found = state.slots[slot];
    if (found?.is === "pollable") {
      const parent = state.slots[found.of];
      if (parent?.is === "output" || parent?.is === "input") parent.pollables--;
    } else if (found && "pollables" in found && found.pollables > 0) throw new Ended("1.3");
    // A stream of a file has no other handles.
    if (found?.is === "output" && found.outlet > 1) {
      const outlet = state.outletOf(found);
      outlet.isDropped = true;
      outlet.flush();
    }
    state.slots[slot] = undefined;
    state.permits[slot] = 0;
  }

  #poll(mask: number): number {
    const once = pollablesOf(mask).filter((slot) => this.#state.slots[slot]);
    const list = (mask & 256) === 0 ? once : [...once, ...once];
    if (list.length === 0) throw new Ended("4.4");
    // All are asked, so that each can start what it has to start (4.8).
    this.#wait(() => list.filter((slot) => this.#state.isReady(slot)).length > 0);
    return list.reduce((found, slot, position) => found | (this.#state.isReady(slot) ? 1 << position : 0), 0);
  }

  #read(slot: number, max: number, isHashed: boolean): Pick<Answer, "count" | "hash"> {
    const { setup } = this.#state;
    const stream = this.#state.input(slot);
    if (stream.isClosed) throw new Told("closed");
    const source = this.#state.sourceOf(stream);
    const from = "given" in source ? source.given : undefined;
    const read = source.read(Math.min(max, setup.readBytes));
    if (typeof read === "string") {
      stream.isClosed = true;
      throw new Told(read);
    }
    return { count: read, hash: isHashed && from !== undefined ? hashOf(read, (index) => inputByte(from + index)) : 0 };
  }

  #blockingRead(slot: number, max: number, isHashed: boolean): Pick<Answer, "count" | "hash"> {
    for (;;) {
      if (max === 0) this.#wait(() => this.#state.isReady(slot));
      const read = this.#read(slot, max, isHashed);
      if (read.count > 0 || max === 0) return read;
      this.#wait(() => this.#state.isReady(slot));
    }
  }

  #output({ name, a, b, c }: Call): number {
    const { permits } = this.#state;
    const permit = permits[a] ?? 0;
    permits[a] = 0;
    switch (name) {
      case "check-write":
        return (permits[a] = this.#grant(a));
      case "spin-check-write":
        this.#wait(() => this.#state.isReady(a));
        return (permits[a] = this.#grant(a));
      case "write":
        return this.#write(a, Math.min(b, permit));
      case "write-raw":
        return this.#write(a, b);
      case "write-zeroes":
        return this.#zeroes(a, b);
      case "flush":
        return this.#flush(a);
      case "blocking-flush":
        this.#flush(a);
        this.#writable(a);
        return 0;
      case "blocking-write-and-flush":
      case "blocking-write-zeroes-and-flush":
        return this.#blockingWrite(a, b);
      case "splice":
        return this.#splice(a, b, c);
      case "blocking-splice":
        return this.#blockingSplice(a, b, c);
      default:
        throw new TypeError(`${name} is not played`);
    }
  }

  /** Tells what the stream has to say first of all. */
  #report(slot: number): Output {
    const stream = this.#state.output(slot);
    const outlet = this.#state.outletOf(stream);
    if (outlet.isOver) {
      stream.granted = 0;
      const how: Broken = outlet.state === "failed" ? "failed" : "closed";
      outlet.state = "closed";
      throw new Told(how);
    }
    if (outlet.state === "open") stream.isFlushing = false;
    return stream;
  }

  #grant(slot: number): number {
    const stream = this.#report(slot);
    return (stream.granted = this.#state.outletOf(stream).room);
  }

  #write(slot: number, bytes: number): number {
    const stream = this.#spend(slot, bytes);
    this.#state.outletOf(stream).accept(bytes);
    this.#report(slot);
    return bytes;
  }

  #spend(slot: number, bytes: number): Output {
    const stream = this.#report(slot);
    if (stream.isFlushing) throw new Ended("3.6");
    if (bytes > stream.granted) throw new Ended(stream.granted === 0 ? "3.3" : "3.2");
    if (this.#state.setup.budget) stream.granted -= bytes;
    else if (bytes > 0) stream.granted = 0;
    return stream;
  }

  #zeroes(slot: number, bytes: number): number {
    if (bytes > this.#grant(slot)) throw new Ended("3.9");
    const stream = this.#spend(slot, bytes);
    this.#state.outletOf(stream).acceptZeroes(bytes);
    this.#report(slot);
    return bytes;
  }

  #flush(slot: number): number {
    const stream = this.#report(slot);
    [stream.granted, stream.isFlushing] = [0, true];
    this.#state.outletOf(stream).flush();
    this.#report(slot);
    return 0;
  }

  #writable(slot: number): number {
    this.#wait(() => this.#state.isReady(slot));
    return this.#state.outletOf(this.#report(slot)).room;
  }

  #blockingWrite(slot: number, bytes: number): number {
    if (bytes > BLOCKING_BYTES) throw new Ended("3.8");
    let written = 0;
    do {
      const piece = Math.min(bytes - written, this.#writable(slot));
      this.#grant(slot);
      this.#write(slot, piece);
      written += piece;
    } while (written < bytes);
    try {
      this.#flush(slot);
      this.#writable(slot);
    } catch (error) {
      // It has become closed by this, and all was taken.
      if (!(error instanceof Told && error.how === "closed")) throw error;
    }
    return bytes;
  }

  #splice(slot: number, from: number, max: number): number {
    const wanted = Math.min(max, this.#grant(slot));
    if (wanted === 0) return 0;
    const { count } = this.#read(from, wanted, false);
    if (count > 0) this.#write(slot, count);
    return count;
  }

  #blockingSplice(slot: number, from: number, max: number): number {
    for (;;) {
      if (Math.min(max, this.#writable(slot)) === 0) return 0;
      const moved = this.#splice(slot, from, max);
      if (moved > 0) return moved;
      this.#wait(() => this.#state.isReady(from));
    }
  }

  /** Until that is so. While the guest is out of the way things happen. */
  #wait(isReady: () => boolean): void {
    const state = this.#state;
    if (isReady()) return;
    this.hasWaited = true;
    state.settle();
    while (!isReady()) {
      const happening = this.#happenings[state.cursor++];
      if (!happening) throw new Waits();
      state.happen(happening);
      if (happening.event === "abort") throw new Ended("aborted");
    }
  }
}

/** What a stream tells the guest in the place of a value. */
class Told extends Error {
  readonly how: Broken;

  constructor(how: Broken) {
    super(how);
    this.how = how;
  }
}

const NOTHING = { count: 0, hash: 0 };

function countOf(count: number): Pick<Answer, "count" | "hash"> {
  return { count, hash: 0 };
}

function pollablesOf(mask: number): number[] {
  return Array.from({ length: 8 }, (_, index) => FIRST_POLLABLE + index).filter(
    (slot) => (mask >> (slot - FIRST_POLLABLE)) & 1,
  );
}

/** The answers to a call where bytes may be held together, in the place of its stream (3.2): none if they may not. */
export function stagedAnswer(state: State, call: Call): Answer | undefined {
  const { name, a, b } = call;
  const pollable = state.slots[a];
  switch (name) {
    case "check-write":
    case "write":
    case "write-raw":
      return stagedOutput(state, a, name, b);
    case "ready":
    case "block":
      if (pollable?.is !== "pollable" || pollable.of !== state.stagedSlot || !hasStagedRoom(state)) return undefined;
      return { status: "ok", count: name === "ready" ? 1 : 0, hash: 0 };
    case "poll": {
      const list = pollablesOf(a).filter((slot) => state.slots[slot]);
      const [only] = list;
      const found = only === undefined ? undefined : state.slots[only];
      if (list.length !== 1 || (a & 256) !== 0 || found?.is !== "pollable" || found.of !== state.stagedSlot) {
        return undefined;
      }
      return hasStagedRoom(state) ? { status: "ok", count: 1, hash: 0 } : undefined;
    }
    default:
      return undefined;
  }
}

function hasStagedRoom(state: State): boolean {
  const found = state.slots[state.stagedSlot];
  return state.staged > 0 && found?.is === "output" && state.outletOf(found).room > state.staged;
}

function stagedOutput(state: State, slot: number, name: string, bytes: number): Answer | undefined {
  const stream = state.output(slot);
  const outlet = state.outletOf(stream);
  if (state.setup.budget) return undefined;
  if (state.staged > 0 && state.stagedSlot !== slot) return undefined;
  const room = outlet.room - state.staged;
  if (name === "check-write") {
    if (state.staged === 0 || room <= 0) return undefined;
    stream.granted = room;
    state.permits[slot] = room;
    return { status: "ok", count: room, hash: 0 };
  }
  const count = name === "write" ? Math.min(bytes, state.permits[slot] ?? 0) : bytes;
  if (outlet.state !== "open" || stream.isFlushing || count === 0 || count > stream.granted) return undefined;
  if (count > PIECE_BYTES || state.staged + count > MOST_STAGED) return undefined;
  [state.staged, state.stagedSlot] = [state.staged + count, slot];
  stream.granted = 0;
  state.permits[slot] = 0;
  return { status: "ok", count, hash: 0 };
}
