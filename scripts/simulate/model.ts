/**
 * The oracle: what a guest may be told, by docs/contract.md. Where the contract leaves a choice (small writes may be held
 * together, 3.2; a guest may be made to give way, 4.9) it follows every one: a state for each.
 */
import { FIRST_POLLABLE, SLOTS, type Happening, type Setup } from "./calls.ts";
import { Content } from "./content.ts";
import { DiskModel, FileSinkModel, type Done, type FileSourceModel } from "./model-disk.ts";
import { OutletModel, SinkModel, SourceModel } from "./model-ports.ts";

type Slot =
  | { readonly is: "output"; readonly outlet: number; granted: number; isFlushing: boolean; pollables: number }
  /** `file` is the number of its source; none for standard input. */
  | { readonly is: "input"; readonly file: number | undefined; isClosed: boolean; pollables: number }
  | { readonly is: "pollable"; readonly of: number }
  | { readonly is: "timer"; readonly deadline: number };

export type Output = Slot & { readonly is: "output" };
export type Input = Slot & { readonly is: "input" };

/** What all states of a trace have in common, or have in another place too. */
const SAME: ReadonlySet<string> = new Set(["setup", "disk", "sink"]);

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
  staged = Content.NONE;
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
    const all = [outlets, sinks, source, disk, files, slots, now, staged, stagedSlot, cursor, permits];
    return JSON.stringify(all, (name, value: unknown) => (SAME.has(name) ? undefined : value));
  }

  /** The sink gets what was held together. */
  unstage(): void {
    const { staged } = this;
    if (staged.length === 0) return;
    this.staged = Content.NONE;
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
        break;
      case "turn":
      case "fire-early":
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
    const done = underway.map((one): Done => ({ ...one, content: one.fails ? Content.NONE : this.#done(one) }));
    for (const one of done) {
      const file = this.files[one.read ?? -1];
      if (file) {
        if (one.fails) file.state = "failed";
        else file.arrive(one.content);
      }
      const sink = this.sinks[one.write ?? -1];
      if (sink instanceof FileSinkModel && sink.goOn(one)) this.outlets[one.write ?? -1]?.notified();
    }
  }

  #done({ read, write, bytes }: DiskModel["underway"][number]): Content {
    const file = this.files[read ?? -1];
    if (file) return this.disk.read(bytes, file.position);
    const sink = this.sinks[write ?? -1];
    return sink instanceof FileSinkModel ? sink.putNow(bytes) : Content.NONE;
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
        return this.now >= found.deadline;
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

/** The slots of a mask of pollables. */
export function pollablesOf(mask: number): number[] {
  return Array.from({ length: 8 }, (_, index) => FIRST_POLLABLE + index).filter(
    (slot) => (mask >> (slot - FIRST_POLLABLE)) & 1,
  );
}
