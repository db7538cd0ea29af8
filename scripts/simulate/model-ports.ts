/**
 * What stands behind the streams of a simulation, once more, in numbers of bytes: written from docs/contract.md and the
 * docstrings of the ports, and not from what implements them.
 */
import { inputByte, type SinkSetup, type SourceSetup } from "./calls.ts";
import { Content } from "./content.ts";

/** How a port is over. */
export type Broken = "failed" | "closed";

/** A sink of `FaultySink`'s kind. */
export class SinkModel {
  readonly setup: SinkSetup;
  taken = 0;
  allowed: number;
  gone: Broken | undefined;
  /** Whether something that it has taken has not left. */
  isDirty = false;
  /** Whether it is about to say that more may fit. */
  wakes = false;

  constructor(setup: SinkSetup) {
    this.setup = setup;
    this.allowed = setup.stallAt;
  }

  clone(): SinkModel {
    return Object.assign(new SinkModel(this.setup), this);
  }

  /** What it takes of `bytes`, or how it breaks. */
  write(bytes: number): number | Broken {
    if (this.gone) return this.gone;
    const { failAt, closeAt, writeBytes } = this.setup;
    const count = Math.min(bytes, writeBytes, this.allowed, failAt - this.taken, closeAt - this.taken);
    if (count === 0 && bytes > 0 && this.allowed > 0) {
      const broken = this.#breaks();
      if (broken) return broken;
    }
    this.taken += count;
    this.allowed -= count;
    if (count > 0 && this.setup.holdsFlush) this.isDirty = true;
    if (count < bytes && this.allowed > 0) this.wakes = true;
    return count;
  }

  /** Whether all has left, or how it breaks. */
  flush(): boolean | Broken {
    if (this.gone) return this.gone;
    const broken = this.setup.onFlush ? this.#breaks() : undefined;
    return broken ?? !this.isDirty;
  }

  #breaks(): Broken | undefined {
    if (this.taken >= this.setup.failAt) return "failed";
    return this.taken >= this.setup.closeAt ? "closed" : undefined;
  }
}

/** What an outlet needs of its sink. */
export interface AnySink {
  taken: number;
  wakes: boolean;
  write(bytes: number): number | Broken;
  flush(): boolean | Broken;
  /** Told what the bytes are that are next, if that is to be known. */
  give?(content: Content): void;
}

/** A stream's output: a sink and the bounded buffer before it. */
export class OutletModel {
  readonly sink: AnySink;
  readonly limitBytes: number;
  state: "open" | "flushing" | Broken = "open";
  held = 0;
  /** Bytes of writes that were accepted. */
  accepted = 0;
  /** How it ended, for its sink. */
  end: "closed" | "aborted" | undefined;
  /** Whether it is nobody's, and ends when all is delivered. */
  isDropped = false;

  constructor(sink: AnySink, limitBytes: number) {
    this.sink = sink;
    this.limitBytes = limitBytes;
  }

  clone(sink: AnySink): OutletModel {
    return Object.assign(new OutletModel(sink, this.limitBytes), this, { sink });
  }

  get isOver(): boolean {
    return this.state === "failed" || this.state === "closed";
  }

  get room(): number {
    return this.state === "open" ? Math.max(0, this.limitBytes - this.held) : 0;
  }

  get isReady(): boolean {
    return this.isOver || this.room > 0;
  }

  accept(content: Content): void {
    if (this.isOver) return;
    this.sink.give?.(content);
    this.#accept(content.length);
  }

  #accept(bytes: number): void {
    this.accepted += bytes;
    const taken = this.held === 0 ? this.#offer(bytes) : 0;
    if (!this.isOver) this.held += bytes - taken;
  }

  /** Zeroes go to the sink in pieces of 4096. */
  acceptZeroes(bytes: number): void {
    if (!this.isOver) this.sink.give?.(Content.zeroes(bytes));
    let left = bytes;
    while (left > 0 && this.held === 0 && !this.isOver) {
      const piece = Math.min(left, 4096);
      this.#accept(piece);
      left -= piece;
    }
    this.accepted += left;
    if (!this.isOver) this.held += left;
  }

  flush(): void {
    if (this.state !== "open") return;
    this.state = "flushing";
    this.advance();
  }

  /** The sink says that something has changed. */
  notified(): void {
    if (this.held > 0 || this.state === "flushing") this.advance();
  }

  advance(): void {
    while (!this.isOver && this.held > 0) {
      const taken = this.#offer(this.held);
      if (this.isOver || taken === 0) break;
      this.held -= taken;
    }
    if (this.state !== "flushing" || this.held > 0) return;
    const flushed = this.sink.flush();
    if (typeof flushed === "string") this.#break(flushed);
    else if (flushed) this.state = "open";
  }

  /** All promises that can settle have done so. */
  settle(): void {
    while (this.sink.wakes) {
      this.sink.wakes = false;
      this.notified();
    }
    if (this.isDropped) this.finish();
  }

  /** The guest is over: what is left is delivered, and then the sink is ended. True when that is done. */
  finish(): boolean {
    if (this.end) return true;
    this.flush();
    while (this.sink.wakes) {
      this.sink.wakes = false;
      this.notified();
    }
    if (this.state === "flushing") return false;
    if (this.state === "open") [this.state, this.end] = ["closed", "closed"];
    return true;
  }

  abort(): void {
    if (this.end) return;
    [this.held, this.end] = [0, "aborted"];
    if (!this.isOver) this.state = "closed";
  }

  #offer(bytes: number): number {
    const taken = this.sink.write(bytes);
    if (typeof taken === "number") return taken;
    this.#break(taken);
    return 0;
  }

  #break(how: Broken): void {
    [this.state, this.held, this.end] = [how, 0, "aborted"];
  }
}

/** A source of `FaultySource`'s kind. */
export class SourceModel {
  readonly setup: SourceSetup;
  left: number;
  given = 0;
  allowed: number;
  over: Broken | undefined;
  isTold = false;

  constructor(setup: SourceSetup) {
    this.setup = setup;
    this.left = setup.bytes;
    this.allowed = setup.stallAt;
  }

  clone(): SourceModel {
    return Object.assign(new SourceModel(this.setup), this);
  }

  get isReady(): boolean {
    return this.#end !== undefined || this.#available > 0;
  }

  /** Bytes, or the end or the failure. */
  read(max: number): Content | Broken {
    const end = this.#end;
    if (end) {
      this.isTold ||= end === "failed";
      return end;
    }
    const count = Math.min(max, this.setup.readBytes, this.#available);
    const from = this.given;
    this.given += count;
    this.allowed -= count;
    this.left -= count;
    return Content.of(count, (index) => inputByte(from + index));
  }

  get #available(): number {
    const { failAt, endAt } = this.setup;
    return Math.min(this.left, this.allowed, failAt - this.given, endAt - this.given);
  }

  get #end(): Broken | undefined {
    if (this.isTold) return "closed";
    if (this.allowed <= 0) return undefined;
    if (this.given >= this.setup.failAt) return "failed";
    if (this.given >= this.setup.endAt) return "closed";
    return this.left === 0 ? this.over : undefined;
  }
}
