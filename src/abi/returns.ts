/** What a function returns, and what it throws if that is part of its type. */
import { WitError } from "../io/errors.ts";
import type { CoreType } from "./encode.ts";
import type { Guest } from "./guest.ts";
import { ofMember } from "./composites.ts";
import { casesOf, layoutOf, payloadPlace, type VariantLike } from "./layout.ts";
import type { Resources } from "./resources.ts";
import type { CoreValue, Type } from "./type.ts";
import type { ValType } from "./types.ts";
import { resultValue } from "./variants.ts";

export interface Returns<Out> {
  /** `undefined` if it returns nothing. */
  readonly wit: ValType | undefined;
  readonly size: number;
  readonly align: number;
  readonly flat: readonly CoreType[] | undefined;
  readonly store: (guest: Guest, at: number, value: Out) => void;
  /** As `Type.lower`. */
  readonly lower: (guest: Guest, value: Out, into: CoreValue[]) => void;
  /** The value of the error case that `error` stands for, in `{ tag, val }`. Rethrows what is none. */
  readonly caught: (error: unknown, resources: Resources) => Out;
}

function rethrow(error: unknown): never {
  throw error;
}

export const nothing: Returns<void> = {
  wit: undefined,
  size: 0,
  align: 1,
  flat: [],
  store: () => {},
  lower: () => {},
  caught: rethrow,
};

export function returns<Out>(type: Type<unknown, Out>): Returns<Out> {
  const { wit, size, align, flat, store, lower } = type;
  return { wit, size, align, flat, store, lower, caught: rethrow };
}

/** The numbers of the cases. */
const OK = 0;
const ERR = 1;

/** What a function that returns a `result` gives: the ok case as it is, the error case as something that only we make. */
export class Failed {
  readonly value: unknown;

  constructor(value: unknown) {
    this.value = value;
  }
}

/**
 * A function that returns `result<ok, err>`: its value is the ok case, a thrown `WitError` the error case.
 *
 * @param errorOf Makes of a `WitError`'s payload the value that `err` stores; a resource in it is added to `resources`.
 */
export function result<Out, Err>(
  ok: Type<unknown, Out> | null,
  err: Type<unknown, Err> | null,
  errorOf: (payload: unknown, resources: Resources) => Err,
): Returns<Out> {
  // The cases are of these types, by the signature; a variant walks them by index.
  const type = resultValue(ok as unknown as Type<unknown> | null, err as unknown as Type<unknown> | null);
  const of = (value: Out): unknown =>
    value instanceof Failed ? { tag: "err", val: value.value } : { tag: "ok", val: value };
  const place = payloadPlace(casesOf(type.wit as VariantLike));
  return {
    wit: type.wit,
    ...layoutOf(type.wit),
    store(guest, at, value) {
      if (value instanceof Failed) {
        type.store(guest, at, of(value));
        return;
      }
      // As the type would have it, without an object for each call.
      try {
        ok?.store(guest, at + place, value);
      } catch (error) {
        throw ofMember("ok", error);
      }
      guest.view.setUint8(at, OK);
    },
    lower(guest, value, into) {
      // As above.
      if (ok === null && err === null) into.push(value instanceof Failed ? ERR : OK);
      else type.lower(guest, of(value), into);
    },
    caught(error, resources) {
      if (!(error instanceof WitError)) throw error;
      // Only `store` and `lower` above see it.
      return new Failed(errorOf(error.payload, resources)) as Out;
    },
  };
}
