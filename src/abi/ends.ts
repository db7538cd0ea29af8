/** The ends of streams and futures that guests hold, and how handles on them pass. */
import { Trap } from "../io/trap.ts";
import { COPY, SharedFuture, SharedStream, type CopyResult, type Shared } from "./copy.ts";
import { GuestBuffer, type CopyPlace, type Element } from "./element.ts";
import type { CopyBinding, Guest } from "./guest.ts";
import type { HandleTable, ResourceType } from "./handles.ts";
import type { ValType } from "./types.ts";
import { EVENT, tableKind, Waitable, type Event } from "./waitable.ts";

/** One of the four kinds of ends. */
export interface EndKind {
  readonly table: ResourceType;
  readonly isStream: boolean;
  readonly isReadable: boolean;
  readonly event: number;
}

const endKind = (name: string, isStream: boolean, isReadable: boolean, event: number): EndKind => ({
  table: tableKind(name),
  isStream,
  isReadable,
  event,
});

type EndName = "stream.read" | "stream.write" | "future.read" | "future.write";

export const END_KINDS: Readonly<Record<EndName, EndKind>> = {
  "stream.read": endKind("readable end of a stream", true, true, EVENT.streamRead),
  "stream.write": endKind("writable end of a stream", true, false, EVENT.streamWrite),
  "future.read": endKind("readable end of a future", false, true, EVENT.futureRead),
  "future.write": endKind("writable end of a future", false, false, EVENT.futureWrite),
};

/** What a copy that has begun, and is not over, is told as. */
export const BLOCKED = 0xffff_ffff;

/** An end that a guest holds. */
export class CopyEnd extends Waitable {
  readonly kind: EndKind;
  readonly shared: Shared;
  state: "idle" | "copying" | "cancelling" | "done" = "idle";

  constructor(kind: EndKind, shared: Shared) {
    super();
    this.kind = kind;
    this.shared = shared;
  }

  get isCopying(): boolean {
    return this.state === "copying" || this.state === "cancelling";
  }

  /** Begins a copy. Its event is there at once if the other side is. @param index The handle, which the event names. */
  copy(buffer: GuestBuffer, index: number): void {
    this.state = "copying";
    const done = (result: CopyResult, reclaim?: () => void) => (): Event => {
      reclaim?.();
      const isOver = this.kind.isStream ? result === COPY.dropped : result !== COPY.cancelled;
      this.state = isOver ? "done" : "idle";
      return [this.kind.event, index, this.kind.isStream ? (result | (buffer.progress << 4)) >>> 0 : result];
    };
    const listener = {
      onCopy: (reclaim: () => void) => this.setEvent(done(COPY.completed, reclaim)),
      onDone: (result: CopyResult) => this.setEvent(done(result)),
    };
    if (this.kind.isReadable) this.shared.read(buffer, listener);
    else this.shared.write(buffer, listener);
  }

  /** @throws {Trap} In the middle of a copy, or if it is a future that nobody has written. */
  drop(): void {
    if (this.isCopying) throw new Trap("1.1", `a ${this.kind.table.name} is dropped in the middle of a copy`);
    if (!this.kind.isStream && !this.kind.isReadable && this.state !== "done") {
      throw new Trap("1.1", "the writable end of a future is dropped, and nothing was written");
    }
    this.shared.drop();
    this.join(undefined);
  }

  /** The instance is over: what it was writing has no end, and fails. */
  abandon(cause: unknown): void {
    this.shared.drop({ cause });
  }
}

/** @throws {Trap} If it is no end of this kind. */
export function endOf(handles: HandleTable, end: EndKind, index: number): CopyEnd {
  // Handles of this kind are made for ends alone.
  return handles.of(end.table, index).rep as CopyEnd;
}

/** Whether two element types are one, as each side has them. */
export type SameElement = (a: ValType | undefined, b: ValType | undefined) => boolean;

export function readableKind(type: ValType): EndKind {
  return type.kind === "stream" ? END_KINDS["stream.read"] : END_KINDS["future.read"];
}

/**
 * The guest gives a readable end away. @throws {Trap} If it is none, of another type, or in use.
 */
export function takeReadable(guest: Guest, index: number, type: ValType, same: SameElement): Shared {
  const end = readableKind(type);
  const held = endOf(guest.handles, end, index);
  const element = "element" in type ? type.element : undefined;
  if (!same(held.shared.element.type, element)) {
    throw new Trap("1.1", `a ${type.kind} of another type is given away`);
  }
  if (held.state !== "idle") throw new Trap("1.1", `a ${type.kind} is given away that is being read, or over`);
  if (held.set) throw new Trap("1.1", `a ${type.kind} is given away that is in a waitable set`);
  guest.handles.take(end.table, index);
  return held.shared;
}

/** The guest gets a readable end. */
export function giveReadable(guest: Guest, shared: Shared, type: ValType): number {
  const end = readableKind(type);
  return guest.handles.own(end.table, new CopyEnd(end, shared));
}

/** What passes is what both ends are ends of, and the text of an error context: from component to component. */
export function rawCopies(same: SameElement): CopyBinding {
  return {
    toJs: (guest, index, type) =>
      type.kind === "error-context" ? errorContext(guest, index) : takeReadable(guest, index, type, same),
    fromJs(guest, value, type) {
      if (type.kind === "error-context") return newErrorContext(guest, String(value));
      const isRight = type.kind === "stream" ? value instanceof SharedStream : value instanceof SharedFuture;
      if (!isRight) throw new TypeError(`expected a ${type.kind}`);
      // As was just looked at.
      return giveReadable(guest, value as Shared, type);
    },
  };
}

/** What an error context keeps of its message, in characters: a guest may hold as many as handles. */
const MAX_MESSAGE = 256;

export const ERROR_CONTEXT: ResourceType = tableKind("error-context");

/** What it says. It stays the guest's. */
export function errorContext(guest: Guest, index: number): string {
  return String(guest.handles.of(ERROR_CONTEXT, index).rep);
}

export function newErrorContext(guest: Guest, message: string): number {
  // What is cut out keeps all of it, unless it is put together anew.
  const kept = message.length > MAX_MESSAGE ? Array.from(message.slice(0, MAX_MESSAGE)).join("") : message;
  return guest.handles.own(ERROR_CONTEXT, kept);
}

/** @throws {Trap} If a copy cannot begin. */
export function beginCopy(guest: Guest, element: Element, held: CopyEnd, place: CopyPlace): void {
  if (held.state !== "idle") {
    throw new Trap("1.1", `a ${held.kind.table.name} is used while a copy is under way, or after its end`);
  }
  held.copy(new GuestBuffer(guest, element, place), place.index);
}
