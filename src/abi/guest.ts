import { DEFAULT_LIMITS } from "../io/limits.ts";
import { Trap } from "../io/trap.ts";
import {
  giveBack,
  unknownHandle,
  type BorrowScope,
  type HandleTable,
  type Lent,
  type ResourceType,
} from "./handles.ts";
import type { Entry, Kind, Resources } from "./resources.ts";
import { bytesOfText, loadText, storeText, unitBytes } from "./text.ts";
import { MAX_LIST_BYTES, type StringEncoding, type ValType } from "./types.ts";

/** What is known of a guest where a function of it is lifted or lowered. */
export interface GuestParts {
  readonly memory: { readonly buffer: ArrayBuffer } | undefined;
  /** The guest's allocator. While it runs, the guest may call nobody. */
  readonly realloc: ((old: number, oldSize: number, align: number, size: number) => number) | undefined;
  readonly encoding: StringEncoding;
  readonly handles: HandleTable;
  readonly resources: Resources;
  /** See `Limits.valueBytes`. */
  readonly valueBytes?: number;
  /** For functions whose types are known only when a component is loaded: its resource types, by slot. */
  readonly bindings?: readonly (ResourceBinding | undefined)[];
  /** How streams and futures pass; missing where none do. */
  readonly copies?: CopyBinding | undefined;
}

/** How streams, futures and error contexts pass between a guest and JavaScript. */
export interface CopyBinding {
  /** What JavaScript has for the handle that the guest gives away. @throws {Trap} If it is none that it can give. */
  toJs(guest: Guest, index: number, type: ValType): unknown;
  /** The handle that stands for it in the guest. @throws {TypeError} If it is none of these. */
  fromJs(guest: Guest, value: unknown, type: ValType): number;
}

/** How a resource passes between a guest and JavaScript. */
export interface ResourceBinding {
  readonly type: ResourceType;
  /** What JavaScript has for it. @param isOwn Whether it is JavaScript's from now on, or lent for a call. */
  toJs(rep: unknown, isOwn: boolean): unknown;
  /** What stands for it in a handle. @param isOwn Whether it is given away. @throws {TypeError} If it is none of these. */
  fromJs(value: unknown, isOwn: boolean): unknown;
  /** A call begins to which `value` is lent, by a handle that stands for `rep`. Gives what to do when it is over. */
  lend?(value: unknown, rep: unknown): (() => void) | undefined;
  /** The call is over to which a guest has lent what `value` stands for: it stands for nothing any more. */
  end?(value: unknown): void;
  /** `value` was not given away after all. @param rep What stood for it. */
  restore(value: unknown, rep: unknown): void;
}

const EMPTY_BUFFER = new ArrayBuffer(0);
const EMPTY_BYTES = new Uint8Array(EMPTY_BUFFER);
const EMPTY_VIEW = new DataView(EMPTY_BUFFER);
const NO_BINDINGS: readonly ResourceBinding[] = [];

/**
 * The guest as one function sees it: memory, allocation, handles. Whatever the guest passes is checked here; a pointer or
 * a handle that is not its own is a trap.
 */
export class Guest {
  readonly #memory: GuestParts["memory"];
  readonly #realloc: GuestParts["realloc"];
  readonly encoding: StringEncoding;
  readonly handles: HandleTable;
  readonly resources: Resources;
  readonly #bindings: readonly (ResourceBinding | undefined)[];
  readonly #valueBytes: number;
  readonly #copies: CopyBinding | undefined;
  #valuesTaken = 0;
  /** Handles that the guest has lent to the call that it is making. */
  #lent: Lent[] | undefined;
  /** The call of the guest that is being made. */
  scope: BorrowScope | undefined;
  /** How to take back what the guest has been given of the parameters of a call: only while they are lowered. */
  given: (() => void)[] | undefined;
  /** Whether the guest runs to allocate memory, or has failed in that. */
  isAllocating = false;
  #bytes: Uint8Array = EMPTY_BYTES;
  #view: DataView = EMPTY_VIEW;
  #slice: Uint8Array = this.#bytes;

  constructor(parts: GuestParts) {
    this.#memory = parts.memory;
    this.#realloc = parts.realloc;
    this.encoding = parts.encoding;
    this.handles = parts.handles;
    this.resources = parts.resources;
    this.#bindings = parts.bindings ?? NO_BINDINGS;
    this.#valueBytes = parts.valueBytes ?? DEFAULT_LIMITS.valueBytes;
    this.#copies = parts.copies;
  }

  /** @param slot Of a resource type of the component. */
  binding(slot: number): ResourceBinding {
    const binding = this.#bindings[slot];
    if (!binding) throw new TypeError(`Nothing stands for the resource type ${slot}`);
    return binding;
  }

  /** How streams and futures pass. */
  get copies(): CopyBinding {
    if (!this.#copies) throw new TypeError("Streams and futures do not pass here");
    return this.#copies;
  }

  /** The handles that were lent since the last call: whoever takes them gives them back. */
  takeLent(): Lent[] {
    const lent = this.#lent ?? [];
    this.#lent = undefined;
    return lent;
  }

  /** A handle that the guest lends until `giveBack`. @throws {Trap} If it holds none such. */
  lend(type: ResourceType, index: number): Lent {
    const lent: Lent = { handle: this.handles.of(type, index) };
    lent.handle.lends++;
    (this.#lent ??= []).push(lent);
    return lent;
  }

  /** The call is over that handles were lent to. */
  giveBack(): void {
    if (this.#lent) giveBack(this.takeLent());
  }

  /** All of the guest's memory. Do not keep: it goes stale when the memory grows. */
  get memory(): Uint8Array {
    // A view is detached, and then empty, once the memory has grown.
    if (this.#bytes.length === 0) this.#refresh();
    return this.#bytes;
  }

  /** As `memory`. */
  get view(): DataView {
    if (this.#bytes.length === 0) this.#refresh();
    return this.#view;
  }

  /** The guest's own bytes, in place. @throws {Trap} If they are not all inside its memory. */
  bytes(pointer: number, length: number): Uint8Array {
    const start = pointer >>> 0;
    const end = start + (length >>> 0);
    const { memory } = this;
    if (end > memory.length) throw outside(start, length >>> 0, memory.length);
    const slice = this.#slice;
    // Guests write from one buffer again and again. Gains 40 of 80 ns: `npm run bench calls`, rows write of 4096.
    if (slice.byteOffset === start && slice.length === end - start) return slice;
    return (this.#slice = memory.subarray(start, end));
  }

  /** Checks a place where `size` bytes, aligned to `align`, are to be read or stored, and gives it unsigned. */
  place(pointer: number, size: number, align: number): number {
    const start = pointer >>> 0;
    const { memory } = this;
    if (start + size > memory.length) throw outside(start, size, memory.length);
    if ((start & (align - 1)) !== 0) throw new Trap("1.1", `pointer ${start} is not aligned to ${align} bytes`);
    return start;
  }

  /** Lets the guest allocate `size` bytes of its own memory. */
  allocate(size: number, align: number): number {
    this.isAllocating = true;
    if (!this.#realloc) throw new Trap("1.1", "the component offers no cabi_realloc for what it asked for");
    const start = this.place(this.#realloc(0, 0, align, size), size, align);
    this.isAllocating = false;
    return start;
  }

  /**
   * @param units Its length, as the guest's encoding counts: bytes, or units of 16 bits, tagged if it may be either.
   * @throws {Trap} If it is not text.
   */
  text(pointer: number, units: number): string {
    const bytes = bytesOfText(this.encoding, units);
    // More than that is no text at all.
    if (bytes <= MAX_LIST_BYTES) this.takeValue(bytes, "a string");
    return loadText(this, pointer, units);
  }

  /** Whether a text has more than `most` units. @throws {Trap} If it is not inside the guest's memory. */
  isLongerText(pointer: number, units: number, most: number): boolean {
    const bytes = bytesOfText(this.encoding, units);
    this.place(pointer, bytes, 1);
    return bytes > most * unitBytes(this.encoding, units);
  }

  /** From here on values of another call are made: each may have all that one may. */
  newValues(): void {
    this.#valuesTaken = 0;
  }

  /** Of the call that values are made of now. */
  get valuesTaken(): number {
    return this.#valuesTaken;
  }

  /** Before so many of the guest's bytes become a value in JavaScript: the same bytes may do so again and again. @throws {Trap} */
  takeValue(bytes: number, what: string): void {
    this.#valuesTaken += bytes;
    if (this.#valuesTaken <= this.#valueBytes) return;
    throw new Trap(
      "1.5",
      `${what} of ${bytes} bytes: a call takes ${this.#valuesTaken}, of at most ${this.#valueBytes} (limits.valueBytes)`,
    );
  }

  /** Stores `bytes` as a list of the guest's own at `at`: pointer, then length. */
  storeBytes(at: number, bytes: Uint8Array): void {
    const pointer = this.allocate(bytes.length, 1);
    this.memory.set(bytes, pointer);
    this.view.setUint32(at, pointer, true);
    this.view.setUint32(at + 4, bytes.length, true);
  }

  /** Puts text into memory that the guest allocates. */
  newText(text: string): { pointer: number; units: number } {
    return storeText(this, text);
  }

  storeText(at: number, text: string): void {
    const { pointer, units } = this.newText(text);
    this.view.setUint32(at, pointer, true);
    this.view.setUint32(at + 4, units, true);
  }

  /** Stores the first `count` of `values` as a list of the guest's own at `at`. */
  storeU32s(at: number, values: readonly number[], count: number): void {
    const pointer = this.allocate(count * 4, 4);
    const { view } = this;
    for (let index = 0; index < count; index++) view.setUint32(pointer + index * 4, values[index] ?? 0, true);
    view.setUint32(at, pointer, true);
    view.setUint32(at + 4, count, true);
  }

  /** The live resource behind `handle`. @throws {Trap} If the guest holds no such handle of this kind. */
  lookup(kind: Kind<unknown>, handle: number): Entry {
    const { rep } = this.handles.of(kind, handle >>> 0);
    this.resources.settle();
    // Handles of a kind of the host's are made by `insert` alone, and stand for its entries.
    const entry = rep as Entry;
    // At the end of the instance all are dropped whose handles are left.
    if (!entry.isLive) throw unknownHandle(kind, handle >>> 0);
    return entry;
  }

  /** As `lookup`, and gives what the resource is. */
  value<T>(kind: Kind<T>, handle: number): T {
    // What is stored under a kind is of the kind's type, by the signature of `Resources.add`.
    return this.lookup(kind, handle).value as T;
  }

  /** As `value`, where nothing stands in for any of them: see `Resources.settle`. @param handle Unsigned. */
  settled<T>(kind: Kind<T>, handle: number): T {
    // As above.
    return (this.handles.of(kind, handle).rep as Entry).value as T;
  }

  /** Gives the guest a handle on `entry`. */
  insert(entry: Entry): number {
    return this.handles.own(entry.kind, entry);
  }

  #refresh(): void {
    const buffer = this.#memory?.buffer ?? EMPTY_BUFFER;
    this.#bytes = new Uint8Array(buffer);
    this.#view = new DataView(buffer);
    this.#slice = this.#bytes;
  }
}

function outside(start: number, length: number, size: number): Trap {
  return new Trap("1.1", `${length} bytes at ${start} are outside the guest's memory of ${size} bytes`);
}
