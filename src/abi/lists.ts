/** Lists of bytes, and lists as arrays. */
import { isObject } from "../io/shape.ts";
import { Trap } from "../io/trap.ts";
import { ofMember } from "./composites.ts";
import type { Guest } from "./guest.ts";
import { layoutOf } from "./layout.ts";
import { wrongValue, type AnyType, type Type } from "./type.ts";
import { weightOf } from "./weight.ts";
import { MAX_LIST_BYTES, type ValType } from "./types.ts";

const BYTES: ValType = { kind: "list", element: { kind: "u8" }, length: undefined };

/** What lies behind a pointer and a count. `store` gives where it put what it was given. */
export function behindPointer<In, Out>(
  wit: ValType,
  load: (guest: Guest, pointer: number, count: number) => In,
  store: (guest: Guest, value: Out) => { readonly pointer: number; readonly count: number },
): Type<In, Out> {
  return {
    wit,
    ...layoutOf(wit),
    load: (guest, place) => load(guest, guest.view.getUint32(place, true), guest.view.getUint32(place + 4, true)),
    lift: (guest, flat) => load(guest, flat.number() >>> 0, flat.number() >>> 0),
    store(guest, place, value) {
      const { pointer, count } = store(guest, value);
      guest.view.setUint32(place, pointer, true);
      guest.view.setUint32(place + 4, count, true);
    },
    lower(guest, value, into) {
      const { pointer, count } = store(guest, value);
      into.push(pointer | 0, count | 0);
    },
  };
}

function storeBytes(guest: Guest, value: Uint8Array): { pointer: number; count: number } {
  const pointer = guest.allocate(value.length, 1);
  guest.memory.set(value, pointer);
  return { pointer, count: value.length };
}

/** `list<u8>`. Among parameters a view of the guest's memory: valid during the call, and not longer. */
export const bytes: Type<Uint8Array> = behindPointer(
  BYTES,
  (guest, pointer, count) => guest.bytes(pointer, count),
  storeBytes,
);

/** @throws {Trap} If so many items cannot be. */
export function checkedPlace(guest: Guest, pointer: number, count: number, { size, align }: AnyType): number {
  if (count * size > MAX_LIST_BYTES) {
    throw new Trap("1.1", `a list of ${count * size} bytes: the canonical ABI allows ${MAX_LIST_BYTES}`);
  }
  return guest.place(pointer, count * size, align);
}

export function allocate(guest: Guest, count: number, { size, align }: AnyType): number {
  if (count * size > MAX_LIST_BYTES) {
    throw new RangeError(`a list of ${count * size} bytes: the canonical ABI allows ${MAX_LIST_BYTES}`);
  }
  return guest.allocate(count * size, align);
}

/** @param most Items of a parameter: a guest that gives more traps before any is read. Missing: as many as `valueBytes` lets it. */
export function list<In, Out>(item: Type<In, Out>, most: number = Infinity): Type<In[], readonly Out[]> {
  const { size } = item;
  const weight = weightOf(item.wit);
  return behindPointer<In[], readonly Out[]>(
    { kind: "list", element: item.wit, length: undefined },
    (guest, pointer, count) => {
      const start = checkedPlace(guest, pointer, count, item);
      if (count > most) throw new Trap("1.5", `a list of ${count} items, of at most ${most} here`);
      guest.takeValue(count * weight, "a list");
      const values: In[] = [];
      for (let index = 0; index < count; index++) values.push(item.load(guest, start + index * size));
      return values;
    },
    (guest, given) => {
      const values = arrayOf(given);
      // As many as there is memory for, whatever becomes of the array while its items are looked at.
      const count = values.length;
      const pointer = allocate(guest, count, item);
      for (let index = 0; index < count; index++) {
        // What is missing is no value of the type, or none that has to be there.
        at(index, () => item.store(guest, pointer + index * size, values[index] as Out));
      }
      return { pointer, count };
    },
  );
}

/** Arrays, and whatever else is made of items in order. */
export function arrayOf<T>(value: Iterable<T>): readonly T[] {
  if (Array.isArray(value)) return value as readonly T[];
  if (!isObject(value) || !(Symbol.iterator in value)) return wrongValue("a list", value);
  return [...value];
}

export function at(index: number, store: () => void): void {
  try {
    store();
  } catch (error) {
    throw ofMember(`item ${index}`, error);
  }
}
