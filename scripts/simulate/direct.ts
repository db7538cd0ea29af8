/** A guest in TypeScript, on the objects of `io/`, with what its host does for it: handles, and the end. */
import { InputStream } from "../../src/io/input-stream.ts";
import { limitsFrom } from "../../src/run/given-limits.ts";
import { Outlet } from "../../src/io/outlet.ts";
import { OutputStream } from "../../src/io/output-stream.ts";
import { assertPollables, poll } from "../../src/io/poll.ts";
import type { Readiness } from "../../src/io/readiness.ts";
import type { Steps } from "../../src/io/steps.ts";
import { newTally } from "../../src/io/tally.ts";
import { RuntimeError, Trap } from "../../src/io/trap.ts";
import { StreamError } from "../../src/io/errors.ts";
import { ExitError } from "../../src/run/life.ts";
import type { Ends } from "../../src/wait/drive.ts";
import { Task } from "../../src/wait/task.ts";
import { Descriptor } from "../../src/wasi/filesystem/descriptor.ts";
import { Timer, Timers } from "../../src/wasi/clocks/timers.ts";
import { byteOf, FIRST_POLLABLE, hashOf, SLOTS, writes, type Answer, type Call, type Trace } from "./calls.ts";
import type { Player } from "./play.ts";
import type { World } from "./world.ts";

interface Handle {
  readonly value: InputStream | OutputStream | Readiness;
  readonly parent: Handle | undefined;
  children: number;
}

type Value = number | Uint8Array | void;

export class DirectGuest implements Player {
  readonly #trace: Trace;
  readonly #world: World;
  readonly #outlets: Outlet[];
  readonly #standard: readonly [Outlet, Outlet];
  readonly #file: Descriptor;
  readonly #timers: Timers;
  readonly #task: Task;
  readonly #slots: (Handle | undefined)[] = Array.from({ length: SLOTS });
  readonly #permits: number[] = Array.from({ length: SLOTS }, () => 0);
  #isOver = false;

  constructor(trace: Trace, world: World) {
    const { bufferBytes } = trace.setup;
    this.#trace = trace;
    this.#world = world;
    this.#standard = [new Outlet(world.sinks[0], bufferBytes), new Outlet(world.sinks[1], bufferBytes)];
    this.#outlets = [...this.#standard];
    this.#file = new Descriptor(world.file, FILE_FLAGS, false);
    this.#timers = new Timers(world.clock);
    this.#task = new Task(world.loop);
    const { signal } = world.controller;
    signal.addEventListener("abort", () => {
      for (const outlet of this.#outlets) outlet.abort(signal.reason);
      this.#task.end(signal.reason);
    });
  }

  async play(calls: readonly Call[]): Promise<readonly Answer[]> {
    try {
      return await this.#play(calls);
    } catch (error) {
      await this.#finish();
      throw this.#world.controller.signal.aborted ? this.#world.controller.signal.reason : error;
    }
  }

  async close(): Promise<void> {
    await this.#finish();
  }

  async #finish(): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    for (const handle of this.#slots) if (handle) letGo(handle);
    this.#world.source.close();
    this.#file.drop();
    await Promise.all(this.#outlets.map((outlet) => outlet.finish()));
  }

  async #play(calls: readonly Call[]): Promise<Answer[]> {
    const answers: Answer[] = [];
    for (const call of calls) {
      const answer = this.#answer(call);
      // oxlint-disable-next-line no-await-in-loop -- one call after the other, and nothing between those that need not wait
      answers.push(answer instanceof Promise ? await answer : answer);
    }
    return answers;
  }

  #answer(call: Call): Answer | Promise<Answer> {
    if (!this.#fits(call)) return { status: "skipped", count: 0, hash: 0 };
    try {
      const made = this.#make(call);
      if (made instanceof Promise) return made.then(...this.#ends(call));
      if (typeof made !== "object" || !("next" in made)) return this.#answered(call, made);
      const step = made.next();
      if (step.done === true) return this.#answered(call, step.value);
      return this.#task.drive(made, step.value, DRIVEN, undefined).then(...this.#ends(call));
    } catch (error) {
      return failed(error);
    }
  }

  #ends(call: Call): [(value: Value) => Answer, (error: unknown) => Answer] {
    return [(value) => this.#answered(call, value), failed];
  }

  #answered({ name }: Call, value: Value): Answer {
    if (value instanceof Uint8Array) {
      return { status: "ok", count: value.length, hash: hashOf(value.length, (index) => value[index] ?? 0) };
    }
    return { status: "ok", count: value ?? (writes(name) ? this.#written : 0), hash: 0 };
  }

  /** What the write that is being made brings. */
  #written = 0;

  #fits({ name, a, b }: Call): boolean {
    const full = (slot: number): boolean => this.#slots[slot] !== undefined;
    if (name.startsWith("get-") || name.startsWith("open-") || name === "timer") return !full(a);
    if (name === "subscribe") return full(a) && !full(b);
    if (name.endsWith("splice")) return full(a) && full(b);
    if (name === "poll") return this.#polled(a).length > 0 || (a & 512) !== 0;
    return name === "exit" || name === "trap" || name === "unknown-handle" || full(a);
  }

  #make({ name, a, b, c }: Call): Value | Steps<Value> | Promise<Value> {
    switch (name) {
      case "get-stdout":
      case "get-stderr":
        return this.#put(a, new OutputStream(this.#standard[name === "get-stdout" ? 0 : 1], this.#mode));
      case "get-stdin": {
        const limits = limitsFrom({ readBytes: this.#trace.setup.readBytes });
        return this.#put(a, new InputStream(this.#world.source, limits.readBytes, newTally()));
      }
      case "open-read":
        return this.#openInput(a, b);
      case "open-write":
        return this.#openOutput(a, b);
      case "open-append":
        return this.#openOutput(a, "end");
      case "timer":
        return this.#put(a, new Timer(this.#timers, this.#world.clock.now() + BigInt(b)));
      case "subscribe":
        return this.#put(b, this.#readiness(a), this.#slots[a]);
      case "drop":
        return this.#drop(a);
      case "ready":
        return this.#readiness(a).ready() ? 1 : 0;
      case "block":
        return untilReady(this.#readiness(a));
      case "spin-ready":
        return this.#spin(() => (this.#readiness(a).ready() ? 1 : 0));
      case "poll":
        return maskOf(this.#poll(this.#polled(a)));
      case "exit":
        throw new ExitError(a);
      case "trap":
        throw new RuntimeError("unreachable");
      case "unknown-handle":
        throw new Trap("1.2", "unknown handle");
      case "read":
        return this.#input(a).read(b);
      case "blocking-read":
        return this.#input(a).blockingRead(b);
      case "skip":
        return this.#input(a).skip(b);
      case "blocking-skip":
        return this.#input(a).blockingSkip(b);
      case "spin-read":
        return this.#spin(() => this.#input(a).read(b));
      default:
        return this.#makeOutput({ name, a, b, c });
    }
  }

  #makeOutput({ name, a, b, c }: Call): Value | Steps<Value> | Promise<Value> {
    const stream = this.#output(a);
    const permit = this.#permits[a] ?? 0;
    this.#permits[a] = 0;
    this.#written = name === "write" ? Math.min(b, permit) : b;
    const bytes = (): Uint8Array => new Uint8Array(this.#written).map((_, index) => byteOf(c, index));
    switch (name) {
      case "check-write":
        return (this.#permits[a] = stream.checkWrite());
      case "spin-check-write":
        return this.#spin(() => (this.#permits[a] = stream.checkWrite()));
      case "write":
      case "write-raw":
        return stream.write(bytes());
      case "write-zeroes":
        return stream.writeZeroes(b);
      case "flush":
        return stream.flush();
      case "blocking-flush":
        return stream.blockingFlush();
      case "blocking-write-and-flush":
        return stream.blockingWriteAndFlush(bytes());
      case "blocking-write-zeroes-and-flush":
        return stream.blockingWriteZeroesAndFlush(b);
      case "splice":
        return stream.splice(this.#input(b), c);
      case "blocking-splice":
        return stream.blockingSplice(this.#input(b), c);
      default:
        throw new TypeError(`${name} is not played here`);
    }
  }

  #openInput(slot: number, at: number): void {
    const source = this.#file.readStream(at);
    const { readBytes } = this.#trace.setup;
    this.#put(slot, new InputStream(source, readBytes, newTally(), () => source.close()));
  }

  #openOutput(slot: number, at: number | "end"): void {
    const outlet = new Outlet(this.#file.writeStream(at), this.#trace.setup.bufferBytes);
    this.#outlets.push(outlet);
    this.#put(slot, new OutputStream(outlet, this.#mode, () => void outlet.finish()));
  }

  get #mode(): "budget" | "strict" {
    return this.#trace.setup.budget ? "budget" : "strict";
  }

  #put(slot: number, value: Handle["value"], parent?: Handle): void {
    if (parent) parent.children++;
    this.#slots[slot] = { value, parent, children: 0 };
  }

  #drop(slot: number): void {
    const handle = this.#slots[slot];
    if (!handle) return;
    if (handle.children > 0) throw new Trap("1.3", "resource has children");
    if (handle.parent) handle.parent.children--;
    this.#slots[slot] = undefined;
    this.#permits[slot] = 0;
    letGo(handle);
  }

  #output(slot: number): OutputStream {
    const value = this.#slots[slot]?.value;
    if (value instanceof OutputStream) return value;
    throw new TypeError(`There is no output stream in slot ${slot}`);
  }

  #input(slot: number): InputStream {
    const value = this.#slots[slot]?.value;
    if (value instanceof InputStream) return value;
    throw new TypeError(`There is no input stream in slot ${slot}`);
  }

  #readiness(slot: number): Readiness {
    const value = this.#slots[slot]?.value;
    if (!value) throw new TypeError(`There is nothing in slot ${slot}`);
    return value;
  }

  /** As the canonical ABI has it: the length of a list is known before anybody waits for what is in it. */
  #poll(list: readonly Readiness[]): Steps<number[]> {
    assertPollables(list.length, list.length);
    return poll(list);
  }

  #polled(mask: number): Readiness[] {
    const once = Array.from({ length: 8 }, (_, index) => index).flatMap((index) => {
      const handle = (mask >> index) & 1 ? this.#slots[FIRST_POLLABLE + index] : undefined;
      return handle ? [handle.value] : [];
    });
    return (mask & 256) === 0 ? once : [...once, ...once];
  }

  /** Asks until there is something, and gives way in between: a guest of this kind has nobody who makes it. */
  async #spin<T extends number | Uint8Array>(ask: () => T): Promise<T> {
    for (;;) {
      const answer = ask();
      if (typeof answer === "number" ? answer > 0 : answer.length > 0) return answer;
      // oxlint-disable-next-line no-await-in-loop -- one turn after the other
      await this.#task.giveWay();
    }
  }
}

const FILE_FLAGS = {
  read: true,
  write: true,
  fileIntegritySync: false,
  dataIntegritySync: false,
  requestedWriteSync: false,
  mutateDirectory: false,
};

const DRIVEN: Ends<undefined, Value, Value> = {
  deliver: (_, value) => value,
  deliverError: (_, error) => {
    throw error;
  },
};

function failed(error: unknown): Answer {
  if (!(error instanceof StreamError)) throw error;
  return { status: error.payload.tag === "closed" ? "closed" : "failed", count: 0, hash: 0 };
}

function letGo({ value, parent }: Handle): void {
  // A pollable on a stream is the stream itself here.
  if (parent) return;
  if (value instanceof InputStream || value instanceof OutputStream || value instanceof Timer) value.drop();
}

function* untilReady(readiness: Readiness): Steps<Value> {
  while (!readiness.ready()) yield readiness;
}

function* maskOf(steps: Steps<number[]>): Steps<Value> {
  return (yield* steps).reduce((mask, position) => mask | (1 << position), 0);
}
