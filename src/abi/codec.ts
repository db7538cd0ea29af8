/** Types that are known only when a component is loaded: for each the same conversion that its like in a table of ours has. */
import { bool, string, u16, u32, u64, u8 } from "./scalars.ts";
import { char, f32, f64, s16, s32, s64, s8 } from "./more-scalars.ts";
import { flags, record, tuple } from "./composites.ts";
import { layoutOf } from "./layout.ts";
import { fixedList, map } from "./collections.ts";
import { list } from "./lists.ts";
import { isTypedArrayKind, numbers } from "./typed-arrays.ts";
import { nothing, result, returns, type Returns } from "./returns.ts";
import type { Type } from "./type.ts";
import type { ValType } from "./types.ts";
import { enumeration, nestedOption, option, resultValue, variant } from "./variants.ts";

type Any = Type<unknown>;

// Each takes values of its own type alone; what the caller brings is checked by it.
const PRIMITIVES = {
  bool,
  u8,
  s8,
  u16,
  s16,
  u32,
  s32,
  u64,
  s64,
  f32,
  f64,
  char,
  string,
} as unknown as Readonly<Record<string, Any>>;

const codecs = new WeakMap<ValType, Any>();

/** The conversion for a type: made once for each. @throws {TypeError} If values of it are not supported. */
export function codecOf(type: ValType): Any {
  let codec = codecs.get(type);
  if (!codec) codecs.set(type, (codec = made(type)));
  return codec;
}

function optional(type: ValType | undefined): Any | null {
  return type ? codecOf(type) : null;
}

function made(type: ValType): Any {
  switch (type.kind) {
    case "record":
      return erased(record(Object.fromEntries(type.fields.map((field) => [field.name, codecOf(field.type)]))));
    case "tuple":
      return erased(tuple(...type.members.map(codecOf)));
    case "variant":
      return erased(variant(Object.fromEntries(type.cases.map((one) => [one.name, optional(one.type)]))));
    case "enum":
      return erased(enumeration(...type.names));
    case "flags":
      return erased(flags(...type.names));
    case "option":
      // Its own `undefined` would be one with ours.
      return type.some.kind === "option" ? nestedOption(codecOf(type.some)) : erased(option(codecOf(type.some)));
    case "result":
      return resultValue(optional(type.ok), optional(type.err));
    case "list":
      return listOf(type.element, type.length);
    case "map":
      return erased(map(codecOf(type.key), codecOf(type.value)));
    case "own":
    case "borrow":
      return handle(type, type.resource.slot, type.kind === "own");
    case "stream":
    case "future":
    case "error-context":
      return copied(type);
    default: {
      const primitive = PRIMITIVES[type.kind];
      if (!primitive) throw new TypeError(`Values of type ${type.kind} are not supported`);
      return primitive;
    }
  }
}

/** A type of values of which JavaScript knows nothing: what comes is checked when it is lowered. */
function erased<In, Out>(type: Type<In, Out>): Any {
  return type as unknown as Any;
}

function listOf(element: ValType, length: number | undefined): Any {
  const item = codecOf(element);
  if (length !== undefined) return erased(fixedList(item, length));
  return isTypedArrayKind(element.kind) ? erased(numbers(element.kind, item)) : erased(list(item));
}

function handle(wit: ValType, slot: number, isOwn: boolean): Any {
  return {
    wit,
    ...layoutOf(wit),
    load: (guest, at) => toJs(guest, guest.view.getUint32(at, true)),
    lift: (guest, flat) => toJs(guest, flat.number() >>> 0),
    store: (guest, at, value) => guest.view.setUint32(at, fromJs(guest, value), true),
    lower: (guest, value, into) => void into.push(fromJs(guest, value)),
  };

  function toJs(guest: Parameters<Any["load"]>[0], index: number): unknown {
    const binding = guest.binding(slot);
    if (isOwn) return binding.toJs(guest.handles.take(binding.type, index), true);
    const lent = guest.lend(binding.type, index);
    const value = binding.toJs(lent.handle.rep, false);
    lent.end = () => binding.end?.(value);
    return value;
  }

  function fromJs(guest: Parameters<Any["load"]>[0], value: unknown): number {
    const binding = guest.binding(slot);
    const { type } = binding;
    const rep = binding.fromJs(value, isOwn);
    const { given, scope } = guest;
    if (isOwn) {
      let index: number | undefined;
      given?.push(() => {
        if (index !== undefined) guest.handles.take(type, index);
        binding.restore(value, rep);
      });
      return (index = guest.handles.own(type, rep));
    }
    if (!scope) throw new TypeError("A borrowed handle is not among the parameters of a call");
    const back = binding.lend?.(value, rep);
    if (back) {
      given?.push(back);
      (scope.lenders ??= []).push(back);
    }
    // Who defines a type gets its resources as what they are. A rep of a component's is a number.
    if (type.definer === scope.callee) return Number(rep);
    const index = guest.handles.borrow(type, rep, scope);
    given?.push(() => guest.handles.release(type, index));
    return index;
  }
}

function copied(wit: ValType): Any {
  return {
    wit,
    ...layoutOf(wit),
    load: (guest, at) => guest.copies.toJs(guest, guest.view.getUint32(at, true), wit),
    lift: (guest, flat) => guest.copies.toJs(guest, flat.number() >>> 0, wit),
    store: (guest, at, value) => guest.view.setUint32(at, guest.copies.fromJs(guest, value, wit), true),
    lower: (guest, value, into) => void into.push(guest.copies.fromJs(guest, value, wit)),
  };
}

/** How a function returns a value of a type; the error case of a `result` by throwing a `WitError`. */
export function returnsOf(type: ValType | undefined): Returns<unknown> {
  if (type === undefined) return nothing as Returns<unknown>;
  if (type.kind !== "result") return returns(codecOf(type));
  return result(optional(type.ok), optional(type.err), (payload) => payload);
}
