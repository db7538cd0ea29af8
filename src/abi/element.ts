/** What streams and futures carry, and where it lies in a guest's memory. */
import { Trap } from "../io/trap.ts";
import type { Origin, Target } from "./copy.ts";
import type { Guest } from "./guest.ts";
import { located } from "./params.ts";
import type { AnyType, Type } from "./type.ts";
import { MAX_LIST_BYTES, type ValType } from "./types.ts";

/** The element type of a stream or future. */
export interface Element {
  /** Missing if elements carry nothing. */
  readonly type: ValType | undefined;
  readonly codec: Type<unknown> | undefined;
  /** Whether elements are numbers, or nothing: they are copied as they are. */
  readonly isNumber: boolean;
  /** Of one, in bytes. */
  readonly size: number;
}

const NUMBERS: ReadonlySet<ValType["kind"]> = new Set([
  "u8",
  "s8",
  "u16",
  "s16",
  "u32",
  "s32",
  "u64",
  "s64",
  "f32",
  "f64",
]);

export function elementOf(codec: AnyType | undefined): Element {
  return {
    type: codec?.wit,
    // What comes is checked when it is stored.
    codec: codec as unknown as Type<unknown> | undefined,
    isNumber: codec === undefined || NUMBERS.has(codec.wit.kind),
    size: codec?.size ?? 0,
  };
}

const NOTHING = new Uint8Array(0);

/** Where a guest copies from or to. */
export interface CopyPlace {
  /** The handle. */
  readonly index: number;
  readonly pointer: number;
  /** In elements. */
  readonly length: number;
  readonly owner: object;
  /** Whether the guest waits until that is done, and does nothing else: the host may block its thread. */
  readonly waits?: boolean;
}

/** Elements in a guest's memory: to be read, or to be filled. */
export class GuestBuffer implements Origin, Target {
  readonly owner: object;
  readonly waits: boolean;
  readonly #guest: Guest;
  readonly #element: Element;
  readonly #pointer: number;
  readonly #length: number;
  progress = 0;

  /**
   * @throws {Trap} If it is not inside the guest's memory.
   */
  constructor(guest: Guest, element: Element, { pointer, length, owner, waits = false }: CopyPlace) {
    if (length > MAX_LIST_BYTES)
      throw new Trap("1.1", `a copy of ${length} elements: at most ${MAX_LIST_BYTES} may be`);
    this.#pointer =
      element.codec && length > 0 ? guest.place(pointer, length * element.size, element.codec.align) : pointer;
    this.#guest = guest;
    this.#element = element;
    this.#length = length;
    this.owner = owner;
    this.waits = waits;
  }

  get remaining(): number {
    return this.#length - this.progress;
  }

  get isEmpty(): boolean {
    return this.#length === 0;
  }

  get #at(): number {
    return this.#pointer + this.progress * this.#element.size;
  }

  bytes(count: number): Uint8Array | undefined {
    const { isNumber, size } = this.#element;
    // Where there is nothing, the pointer says nothing.
    if (size === 0) return isNumber ? NOTHING : undefined;
    return isNumber ? this.#guest.bytes(this.#at, count * size) : undefined;
  }

  values(count: number): readonly unknown[] {
    const { codec, size } = this.#element;
    const start = this.#at;
    this.#guest.newValues();
    return Array.from({ length: count }, (_, index) => codec?.load(this.#guest, start + index * size));
  }

  took(count: number): void {
    this.progress += count;
  }

  take(origin: Origin, count: number): number {
    if (origin.fill && this.#element.isNumber) {
      const filled =
        origin.fill(this.#guest.bytes(this.#at, count * this.#element.size), this.waits) / this.#element.size;
      this.progress += filled;
      return filled;
    }
    const taken = this.#copy(origin, count);
    origin.took(taken);
    this.progress += taken;
    return taken;
  }

  #copy(origin: Origin, count: number): number {
    const { codec, size } = this.#element;
    const bytes = origin.bytes(count);
    if (bytes && size > 0) {
      this.#guest.bytes(this.#at, bytes.length).set(bytes);
      return bytes.length / size;
    }
    // Elements of nothing, of a guest: there are as many as it says.
    if (bytes) return count;
    const values = origin.values(count);
    const start = this.#at;
    try {
      for (const [index, value] of values.entries()) codec?.store(this.#guest, start + index * size, value);
    } catch (error) {
      throw located("an element of a stream or future", error);
    }
    return values.length;
  }
}
