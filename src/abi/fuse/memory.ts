/**
 * Values that lie in one component's memory and go to the other's, at the same place behind another pointer: a type is
 * laid out alike in all memories.
 */
import type { FunctionCode, FunctionRef } from "./code.ts";
import type { Access } from "./ops.ts";
import { branch, checkDiscriminant } from "./cases.ts";
import { checkAligned, TRAP, trapIf, type Way } from "./sides.ts";
import { defineStrings } from "./strings.ts";
import { elementOf, isDense, membersOf, weightOf } from "./types.ts";
import {
  casesOf,
  discriminantBytes,
  flagsBytes,
  layoutOf,
  payloadPlace,
  placesOf,
  type VariantLike,
} from "../layout.ts";
import { MAX_LIST_BYTES, type ValType } from "../types.ts";

/** Whatever is heavier becomes a function, so that code grows with the types and not with how they are combined. */
const MAX_INLINE_WEIGHT = 24;
/** So many bytes are copied by loads and stores, which takes less time than a call of the engine's copy. */
const MAX_UNROLLED_BYTES = 64;

/** Where a value lies: `offset` bytes behind the pointers in two locals. */
export interface Place {
  readonly from: number;
  readonly to: number;
  readonly offset: number;
}

export function isHeavy(type: ValType): boolean {
  return weightOf(type) > MAX_INLINE_WEIGHT;
}

/** The functions for the values that go one way. Each is defined when it is first needed. */
export class MemoryValues {
  readonly way: Way;
  readonly #values = new Map<ValType, FunctionRef>();
  readonly #lists = new Map<ValType | string, FunctionRef>();
  #strings: FunctionRef | undefined;
  #char: FunctionRef | undefined;

  constructor(way: Way) {
    this.way = way;
  }

  /** `(pointer, length) -> (pointer, length)`. */
  strings(): FunctionRef {
    return (this.#strings ??= defineStrings(this.way));
  }

  /** `(pointer, length) -> pointer`. */
  list(type: Extract<ValType, { kind: "list" | "map" }>): FunctionRef {
    const element = elementOf(type);
    const { size, align } = layoutOf(element);
    const key = isDense(element) ? `${size} ${align}` : element;
    let list = this.#lists.get(key);
    if (!list) this.#lists.set(key, (list = this.#defineList(element)));
    return list;
  }

  /** `(char) -> char`: traps unless it is a Unicode scalar value. */
  char(): FunctionRef {
    if (this.#char) return this.#char;
    const code = this.way.module.define(["i32"], ["i32"]);
    this.#char = code.ref;
    code.get(0);
    code.i32(0x11_0000);
    code.op("i32.ge_u");
    code.get(0);
    code.i32(~0x7ff);
    code.op("i32.and");
    code.i32(0xd800);
    code.op("i32.eq", "i32.or");
    trapIf(this.way.module, code, TRAP.char);
    code.get(0);
    return code.ref;
  }

  /** Converts one value. Its bytes are known to lie in both memories, aligned. */
  convert(code: FunctionCode, type: ValType, place: Place): void {
    if (isDense(type)) {
      this.#copy(code, place, layoutOf(type).size);
    } else if (isHeavy(type)) {
      for (const pointer of [place.from, place.to]) pushAddress(code, pointer, place.offset);
      code.call(this.#function(type));
    } else {
      this.#convertInline(code, type, place);
    }
  }

  #function(type: ValType): FunctionRef {
    let ref = this.#values.get(type);
    if (!ref) {
      const code = this.way.module.define(["i32", "i32"], []);
      this.#values.set(type, (ref = code.ref));
      this.#convertInline(code, type, { from: 0, to: 1, offset: 0 });
    }
    return ref;
  }

  #convertInline(code: FunctionCode, type: ValType, place: Place): void {
    switch (type.kind) {
      case "bool":
        return this.#convertScalar(code, place, 1, () => {
          code.i32(0);
          code.op("i32.ne");
        });
      case "char":
        return this.#convertScalar(code, place, 4, () => code.call(this.char()));
      case "flags":
        return this.#convertScalar(code, place, flagsBytes(type.names.length), () => {
          code.i32(2 ** type.names.length - 1);
          code.op("i32.and");
        });
      case "own":
      case "borrow":
        return this.#convertScalar(code, place, 4, () => code.call(this.way.handle(type.kind, type.resource)));
      case "string":
        return this.#convertPair(code, place, () => code.call(this.strings()));
      case "map":
        return this.#convertList(code, place, type);
      case "list":
        return type.length === undefined
          ? this.#convertList(code, place, type)
          : this.#convertFixed(code, place, type.element, type.length);
      case "record":
      case "tuple":
        return this.#convertMembers(code, place, membersOf(type));
      case "variant":
      case "option":
      case "result":
      case "enum":
        return this.#convertVariant(code, place, type);
      default:
        throw new TypeError(`A ${type.kind} has no conversion`);
    }
  }

  #convertScalar(code: FunctionCode, { from, to, offset }: Place, bytes: 1 | 2 | 4, convert: () => void): void {
    code.get(to);
    code.get(from);
    code.access(LOADS[bytes], this.way.from.memory(), offset);
    convert();
    code.access(STORES[bytes], this.way.to.memory(), offset);
  }

  /** A pointer and a length: `convert` is given both on the stack, and leaves both. */
  #convertPair(code: FunctionCode, { from, to, offset }: Place, convert: () => void): void {
    const values = [code.local(), code.local()] as const;
    for (const at of [offset, offset + 4]) {
      code.get(from);
      code.access("i32.load", this.way.from.memory(), at);
    }
    convert();
    code.set(values[1]);
    code.set(values[0]);
    for (const [index, value] of values.entries()) {
      code.get(to);
      code.get(value);
      code.access("i32.store", this.way.to.memory(), offset + 4 * index);
    }
    code.free(...values);
  }

  #convertList(code: FunctionCode, place: Place, type: Extract<ValType, { kind: "list" | "map" }>): void {
    const length = code.local();
    this.#convertPair(code, place, () => {
      code.tee(length);
      code.call(this.list(type));
      code.get(length);
    });
    code.free(length);
  }

  #convertFixed(code: FunctionCode, place: Place, element: ValType, length: number): void {
    const [from, to, left] = [code.local(), code.local(), code.local()] as const;
    pushAddress(code, place.from, place.offset);
    code.set(from);
    pushAddress(code, place.to, place.offset);
    code.set(to);
    code.i32(length);
    code.set(left);
    this.#convertEach(code, element, from, to, left);
    code.free(from, to, left);
  }

  /** Converts `left` elements, at least one; all three locals are used up. */
  #convertEach(code: FunctionCode, element: ValType, from: number, to: number, left: number): void {
    const { size } = layoutOf(element);
    code.loop();
    this.convert(code, element, { from, to, offset: 0 });
    code.advance(from, size);
    code.advance(to, size);
    code.get(left);
    code.i32(1);
    code.op("i32.sub");
    code.tee(left);
    code.brIf(0);
    code.op("end");
  }

  /** Neighbours whose bytes are all there is to them are copied as one. */
  #convertMembers(code: FunctionCode, { from, to, offset }: Place, members: readonly ValType[]): void {
    const places = placesOf(members);
    let run: { readonly start: number; end: number } | undefined;
    const flush = (): void => {
      if (run) this.#copy(code, { from, to, offset: offset + run.start }, run.end - run.start);
      run = undefined;
    };
    for (const [index, member] of members.entries()) {
      const start = places[index] ?? 0;
      if (isDense(member)) {
        if (run?.end !== start) flush();
        run ??= { start, end: start };
        run.end = start + layoutOf(member).size;
      } else {
        flush();
        this.convert(code, member, { from, to, offset: offset + start });
      }
    }
    flush();
  }

  #convertVariant(code: FunctionCode, { from, to, offset }: Place, type: VariantLike): void {
    const cases = casesOf(type);
    const bytes = discriminantBytes(cases.length);
    const discriminant = code.local();
    code.get(from);
    code.access(LOADS[bytes], this.way.from.memory(), offset);
    code.set(discriminant);
    checkDiscriminant(this.way, code, discriminant, cases);
    code.get(to);
    code.get(discriminant);
    code.access(STORES[bytes], this.way.to.memory(), offset);
    const payload = { from, to, offset: offset + payloadPlace(cases) };
    branch(code, discriminant, cases, [], (of) => {
      if (of) this.convert(code, of, payload);
    });
    code.free(discriminant);
  }

  #copy(code: FunctionCode, { from, to, offset }: Place, bytes: number): void {
    if (bytes > MAX_UNROLLED_BYTES) {
      pushAddress(code, to, offset);
      pushAddress(code, from, offset);
      code.i32(bytes);
      code.copy(this.way.to.memory(), this.way.from.memory());
      return;
    }
    for (let done = 0; done < bytes;) {
      const left = bytes - done;
      const step = left >= 8 ? 8 : left >= 4 ? 4 : left >= 2 ? 2 : 1;
      code.get(to);
      code.get(from);
      code.access(LOADS[step], this.way.from.memory(), offset + done);
      code.access(STORES[step], this.way.to.memory(), offset + done);
      done += step;
    }
  }

  #defineList(element: ValType): FunctionRef {
    const { module, from, to } = this.way;
    const { size, align } = layoutOf(element);
    const code = module.define(["i32", "i32"], ["i32"]);
    const [pointer, length] = [0, 1];
    const [target, bytes] = [code.local(), code.local()] as const;
    code.get(length);
    code.i32(Math.floor(MAX_LIST_BYTES / size));
    code.op("i32.gt_u");
    trapIf(module, code, TRAP.listTooLong);
    checkAligned(module, code, pointer, align);
    code.get(length);
    code.i32(size);
    code.op("i32.mul");
    code.set(bytes);
    for (const local of [pointer, bytes]) code.get(local);
    code.i32(TRAP.listOutOfBounds);
    code.call(from.inBounds());
    for (const constant of [0, 0, align]) code.i32(constant);
    code.get(bytes);
    code.i32(TRAP.listOutOfBounds);
    code.call(to.allocate());
    code.set(target);
    if (isDense(element)) {
      for (const local of [target, pointer, bytes]) code.get(local);
      code.copy(to.memory(), from.memory());
    } else if (size <= MAX_LIST_BYTES) {
      const next = code.local();
      code.get(target);
      code.set(next);
      code.get(length);
      code.if();
      this.#convertEach(code, element, pointer, next, length);
      code.op("end");
    }
    code.get(target);
    return code.ref;
  }
}

const LOADS = { 1: "i32.load8_u", 2: "i32.load16_u", 4: "i32.load", 8: "i64.load" } as const satisfies Record<
  number,
  Access
>;
const STORES = { 1: "i32.store8", 2: "i32.store16", 4: "i32.store", 8: "i64.store" } as const satisfies Record<
  number,
  Access
>;

function pushAddress(code: FunctionCode, pointer: number, offset: number): void {
  code.get(pointer);
  if (offset === 0) return;
  code.i32(offset);
  code.op("i32.add");
}
