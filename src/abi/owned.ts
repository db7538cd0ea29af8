/** Handles among parameters and results. */
import { Trap } from "../io/trap.ts";
import type { Guest } from "./guest.ts";
import { layoutOf } from "./layout.ts";
import type { Entry, Kind } from "./resources.ts";
import type { Type } from "./type.ts";
import type { ValType } from "./types.ts";

function notTaken(): never {
  throw new TypeError("A handle goes the other way here");
}

/** A handle that the guest lends, as an entry: for what becomes a parent. */
export function borrowEntry(kind: Kind<unknown>): Type<Entry, never> & { readonly asEntry: boolean } {
  const wit: ValType = { kind: "borrow", resource: kind };
  return {
    wit,
    asEntry: true,
    ...layoutOf(wit),
    load: (guest, at) => guest.lookup(kind, guest.view.getUint32(at, true)),
    lift: (guest, flat) => guest.lookup(kind, flat.number()),
    store: notTaken,
    lower: notTaken,
  };
}

/** A handle that the guest lends: the host gets the resource's value. */
export function borrow<T>(kind: Kind<T>): Type<T, never> & { readonly asEntry: boolean } {
  const entries = borrowEntry(kind);
  const { wit, size, align, flat, store, lower } = entries;
  return {
    ...{ wit, size, align, flat, store, lower },
    asEntry: false,
    // What is stored under a kind is of the kind's type, by the signature of `Resources.add`.
    load: (guest, at) => entries.load(guest, at).value as T,
    lift: (guest, values) => entries.lift(guest, values).value as T,
  };
}

/** A handle that the guest gives away: the host gets the resource's value, which is nobody else's from then on. */
export function taken<T>(kind: Kind<T>): Type<T, never> {
  const wit: ValType = { kind: "own", resource: kind };
  const take = (guest: Guest, index: number): T => {
    const entry = guest.lookup(kind, index);
    if (entry.children > 0) {
      throw new Trap(
        "1.3",
        `resource has children: ${kind.name} is given away before ${entry.children} that came from it`,
      );
    }
    guest.handles.take(kind, index);
    // It may be of another instance, which gave it to this one.
    entry.release();
    // What is stored under a kind is of the kind's type, by the signature of `Resources.add`.
    return entry.value as T;
  };
  return {
    wit,
    ...layoutOf(wit),
    load: (guest, at) => take(guest, guest.view.getUint32(at, true)),
    lift: (guest, flat) => take(guest, flat.number() >>> 0),
    store: notTaken,
    lower: notTaken,
  };
}

/** A handle that the host gives away. */
export function own(kind: Kind<unknown>): Type<never, Entry> {
  const wit: ValType = { kind: "own", resource: kind };
  return {
    wit,
    ...layoutOf(wit),
    load: notTaken,
    lift: notTaken,
    store: (guest, at, entry) => guest.view.setUint32(at, guest.insert(entry), true),
    lower: (guest, entry, into) => void into.push(guest.insert(entry)),
  };
}
