import type { Type } from "./type.ts";

/** The same type with other values in JavaScript. */
export function mapped<In, Out, OuterIn, OuterOut>(
  type: Type<In, Out>,
  fromGuest: (value: In) => OuterIn,
  toGuest: (value: OuterOut) => Out,
): Type<OuterIn, OuterOut> {
  const { wit, size, align, flat } = type;
  return {
    ...{ wit, size, align, flat },
    load: (guest, at) => fromGuest(type.load(guest, at)),
    lift: (guest, values) => fromGuest(type.lift(guest, values)),
    store: (guest, at, value) => type.store(guest, at, toGuest(value)),
    lower: (guest, value, into) => type.lower(guest, toGuest(value), into),
  };
}
