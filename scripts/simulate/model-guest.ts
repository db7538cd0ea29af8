/** What a guest is told, call by call, where nothing is held together: the rules of docs/contract.md, in their words. */
import { byteOf, type Answer, type Call, type Happening } from "./calls.ts";
import { Content } from "./content.ts";
import { FileSinkModel, FileSourceModel } from "./model-disk.ts";
import { OutletModel, type Broken } from "./model-ports.ts";
import { pollablesOf, type Output, type State } from "./model.ts";

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

const BLOCKING_BYTES = 4096;

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
        state.slots[a] = { is: "timer", deadline: state.now + b };
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
    const read = this.#take(slot, max);
    return { count: read.length, hash: isHashed ? read.hash : 0 };
  }

  #take(slot: number, max: number): Content {
    const { setup } = this.#state;
    const stream = this.#state.input(slot);
    if (stream.isClosed) throw new Told("closed");
    const read = this.#state.sourceOf(stream).read(Math.min(max, setup.readBytes));
    if (typeof read === "string") {
      stream.isClosed = true;
      throw new Told(read);
    }
    return read;
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
        return this.#write(a, contentOf(c, Math.min(b, permit)));
      case "write-raw":
        return this.#write(a, contentOf(c, b));
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
        return this.#blockingWrite(a, b, name === "blocking-write-and-flush" ? c : undefined);
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

  #write(slot: number, content: Content): number {
    const stream = this.#spend(slot, content.length);
    this.#state.outletOf(stream).accept(content);
    this.#report(slot);
    return content.length;
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

  /** @param serial None for zeroes. */
  #blockingWrite(slot: number, bytes: number, serial: number | undefined): number {
    if (bytes > BLOCKING_BYTES) throw new Ended("3.8");
    const content = serial === undefined ? Content.zeroes(bytes) : contentOf(serial, bytes);
    let written = 0;
    do {
      const piece = Math.min(bytes - written, this.#writable(slot));
      this.#grant(slot);
      this.#write(slot, content.part(written, piece));
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
    const moved = this.#take(from, wanted);
    return moved.length > 0 ? this.#write(slot, moved) : 0;
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

/** What a call of a guest writes. */
function contentOf(serial: number, count: number): Content {
  return Content.of(count, (index) => byteOf(serial, index));
}
