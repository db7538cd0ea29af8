/** The parameters of a function that a guest exports, as callers with values of their own give them. */
import type { Guest } from "./guest.ts";
import { codecOf } from "./codec.ts";
import { describe } from "./describe.ts";
import { alignUp, layoutOf } from "./layout.ts";
import { signatureOf } from "./signature.ts";
import { mentions } from "./type-facts.ts";
import type { CoreValue, Type } from "./type.ts";
import type { FuncType, ValType } from "./types.ts";

export class Params {
  readonly codecs: readonly Type<unknown>[];
  readonly #type: FuncType;
  /** All of them, if they lie behind one pointer. */
  readonly #tuple: ValType | undefined;
  readonly #passesHandles: boolean;

  constructor(type: FuncType) {
    this.#type = type;
    this.codecs = type.params.map((param) => codecOf(param.type));
    this.#tuple = signatureOf(type, "lift").spilled
      ? { kind: "tuple", members: type.params.map((param) => param.type) }
      : undefined;
    this.#passesHandles = type.params.some((param) => mentions(param.type, ...HANDLES));
  }

  /**
   * The values as core values. The guest gets all of them or none: if one is wrong, handles that it has been given are
   * taken back.
   *
   * @throws {TypeError} That says which is wrong, and what was expected.
   * @throws {unknown} What whoever made the values throws while they are read; what the guest fails with while it allocates,
   * and then `guest.isAllocating`.
   */
  lower(guest: Guest, values: readonly unknown[]): CoreValue[] {
    const before = guest.given;
    const given: (() => void)[] | undefined = this.#passesHandles ? [] : undefined;
    if (given) guest.given = given;
    const flat: CoreValue[] = [];
    let index = 0;
    try {
      if (!this.#tuple) {
        for (const codec of this.codecs) {
          codec.lower(guest, values[index], flat);
          index++;
        }
        return flat;
      }
      const { size, align } = layoutOf(this.#tuple);
      let at = guest.allocate(size, align);
      flat.push(at | 0);
      for (const codec of this.codecs) {
        at = alignUp(at, codec.align);
        codec.store(guest, at, values[index]);
        at += codec.size;
        index++;
      }
      return flat;
    } catch (error) {
      if (guest.isAllocating) throw error;
      for (const takeBack of given?.toReversed() ?? []) takeBack();
      const param = this.#type.params[index];
      throw param ? located(`parameter ${param.name} (${describe(param.type)})`, error) : error;
    } finally {
      // A value that calls the guest while it is looked at comes between.
      if (given) guest.given = before;
    }
  }
}

const HANDLES = ["own", "borrow", "stream", "future", "error-context"] as const;

/** What is wrong with a value, and where that is. What is no such error stays what it is. */
export function located(where: string, error: unknown): unknown {
  if (error instanceof TypeError) return new TypeError(`${where}: ${error.message}`, { cause: error });
  if (error instanceof RangeError) return new RangeError(`${where}: ${error.message}`, { cause: error });
  return error;
}
