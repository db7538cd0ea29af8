/** Values that are passed as core values, from a function's locals to its stack. What they point to lies in memory. */
import type { CoreType } from "../encode.ts";
import type { FunctionCode, FunctionRef } from "./code.ts";
import type { Op } from "./ops.ts";
import { branch, checkDiscriminant } from "./cases.ts";
import { isHeavy, type MemoryValues } from "./memory.ts";
import { membersOf } from "./types.ts";
import { casesOf, layoutOf, type VariantLike } from "../layout.ts";
import type { ValType } from "../types.ts";

/**
 * Where one core value comes from, and as what it leaves. Within a variant the local, and what is left on the stack, is
 * of a type that all cases share.
 */
interface Slot {
  readonly local: number;
  /** Make of the local what the type flattens to. */
  readonly read: readonly Op[];
  /** And the way back. */
  readonly write: readonly Op[];
  /** Of what is left on the stack. */
  readonly type: CoreType;
}

/** The slots of a function's parameters, from the first. */
export function slotsOf(types: readonly CoreType[], first = 0): Slot[] {
  return types.map((type, index) => ({ local: first + index, read: [], write: [], type }));
}

/** The core types of a type that is passed flat. */
export function flatOf(type: ValType): readonly CoreType[] {
  const { flat } = layoutOf(type);
  if (!flat) throw new TypeError("Not passed as core values");
  return flat;
}

/** How a core value gets from one type to another that is as wide, or wider, or was made wider. */
function cast(from: CoreType, to: CoreType): readonly Op[] {
  switch (`${from} ${to}` as const) {
    case "i32 f32":
      return ["f32.reinterpret_i32"];
    case "f32 i32":
      return ["i32.reinterpret_f32"];
    case "i32 i64":
      return ["i64.extend_i32_u"];
    case "i64 i32":
      return ["i32.wrap_i64"];
    case "i64 f32":
      return ["i32.wrap_i64", "f32.reinterpret_i32"];
    case "f32 i64":
      return ["i32.reinterpret_f32", "i64.extend_i32_u"];
    case "i64 f64":
      return ["f64.reinterpret_i64"];
    case "f64 i64":
      return ["i64.reinterpret_f64"];
    default:
      return [];
  }
}

/** Converts values that go one way. */
export class FlatValues {
  readonly #memory: MemoryValues;
  readonly #functions = new Map<ValType, FunctionRef>();

  constructor(memory: MemoryValues) {
    this.#memory = memory;
  }

  /** Leaves on the stack what the slots become. */
  convert(code: FunctionCode, type: ValType, slots: readonly Slot[]): void {
    if (isHeavy(type)) this.#leave(code, slots, () => code.call(this.#function(type)));
    else this.#convertInline(code, type, slots);
  }

  /** Each of the types with as many slots as it has core values. */
  convertAll(code: FunctionCode, types: readonly ValType[], slots: readonly Slot[]): void {
    let at = 0;
    for (const type of types) {
      const next = at + flatOf(type).length;
      this.convert(code, type, slots.slice(at, next));
      at = next;
    }
  }

  #function(type: ValType): FunctionRef {
    let ref = this.#functions.get(type);
    if (!ref) {
      const flat = flatOf(type);
      const code = this.#memory.way.module.define(flat, flat);
      this.#functions.set(type, (ref = code.ref));
      this.#convertInline(code, type, slotsOf(flat));
    }
    return ref;
  }

  #convertInline(code: FunctionCode, type: ValType, slots: readonly Slot[]): void {
    const values = this.#memory;
    switch (type.kind) {
      case "string":
        return this.#leave(code, slots, () => code.call(values.strings()));
      case "map":
        return this.#convertList(code, slots, type);
      case "list": {
        const { length } = type;
        if (length === undefined) return this.#convertList(code, slots, type);
        const elements = Array.from({ length }, () => type.element);
        return this.convertAll(code, elements, slots);
      }
      case "record":
      case "tuple":
        return this.convertAll(code, membersOf(type), slots);
      case "variant":
      case "option":
      case "result":
      case "enum":
        return this.#convertVariant(code, type, slots);
      default:
        return this.#leave(code, slots, () => this.#convertScalar(code, type));
    }
  }

  #convertScalar(code: FunctionCode, type: ValType): void {
    switch (type.kind) {
      case "bool":
        code.i32(0);
        return code.op("i32.ne");
      case "u8":
        return this.#mask(code, 0xff);
      case "u16":
        return this.#mask(code, 0xffff);
      case "s8":
        return code.op("i32.extend8_s");
      case "s16":
        return code.op("i32.extend16_s");
      case "u32":
      case "s32":
      case "u64":
      case "s64":
      case "f32":
      case "f64":
        return;
      case "char":
        return code.call(this.#memory.char());
      case "flags":
        return this.#mask(code, 2 ** type.names.length - 1);
      case "own":
      case "borrow":
        return code.call(this.#memory.way.handle(type.kind, type.resource));
      default:
        throw new TypeError(`A ${type.kind} has no conversion`);
    }
  }

  #mask(code: FunctionCode, bits: number): void {
    code.i32(bits);
    code.op("i32.and");
  }

  #convertList(code: FunctionCode, slots: readonly Slot[], type: Extract<ValType, { kind: "list" | "map" }>): void {
    const length = code.local();
    this.#leave(code, slots, () => {
      code.tee(length);
      code.call(this.#memory.list(type));
      code.get(length);
    });
    code.free(length);
  }

  #convertVariant(code: FunctionCode, type: VariantLike, slots: readonly Slot[]): void {
    const cases = casesOf(type);
    const [tag, ...payload] = slots;
    if (!tag) throw new TypeError("A variant has a discriminant");
    const shared = flatOf(type).slice(1);
    const discriminant = code.local();
    code.get(tag.local);
    code.op(...tag.read);
    code.set(discriminant);
    checkDiscriminant(this.#memory.way, code, discriminant, cases);
    code.get(discriminant);
    code.op(...tag.write);
    branch(
      code,
      discriminant,
      cases,
      payload.map((slot) => slot.type),
      (of) => this.#convertCase(code, of, payload, shared),
    );
    code.free(discriminant);
  }

  /** @param shared The core types that the cases share, for which the slots are. */
  #convertCase(
    code: FunctionCode,
    type: ValType | undefined,
    slots: readonly Slot[],
    shared: readonly CoreType[],
  ): void {
    const own = type ? flatOf(type) : [];
    if (type) {
      const narrowed = own.map((core, index): Slot => {
        const slot = itemAt(slots, index);
        const wide = itemAt(shared, index);
        return { ...slot, read: [...slot.read, ...cast(wide, core)], write: [...cast(core, wide), ...slot.write] };
      });
      this.convert(code, type, narrowed);
    }
    for (const slot of slots.slice(own.length)) code.zero(slot.type);
  }

  /** `convert` is given all slots on the stack, and leaves as many values of the same types. */
  #leave(code: FunctionCode, slots: readonly Slot[], convert: () => void): void {
    for (const slot of slots) {
      code.get(slot.local);
      code.op(...slot.read);
    }
    convert();
    const first = slots.findIndex((slot) => slot.write.length > 0);
    if (first < 0) return;
    // Only what is on top can be cast: the others wait in locals.
    const rest = slots.slice(first);
    const waiting = rest.slice(1).map((slot) => code.local(this.#typeBefore(slot)));
    for (const local of waiting.toReversed()) code.set(local);
    for (const [index, slot] of rest.entries()) {
      if (index > 0) code.get(itemAt(waiting, index - 1));
      code.op(...slot.write);
    }
    code.free(...waiting);
  }

  /** Of a value before it is written. */
  #typeBefore({ write, type }: Slot): CoreType {
    switch (write[0]) {
      case undefined:
        return type;
      case "i32.reinterpret_f32":
        return "f32";
      case "i64.reinterpret_f64":
        return "f64";
      default:
        return "i32";
    }
  }
}

function itemAt<T>(items: readonly T[], index: number): T {
  const item = items[index];
  if (item === undefined) throw new RangeError(`No item ${index} among ${items.length}`);
  return item;
}
