/** The two components that a fused adapter stands between: their memories, their `realloc`, and why it traps. */
import type { FunctionCode, FunctionRef, ModuleCode } from "./code.ts";
import type { ResourceId, StringEncoding } from "../types.ts";

/** How one of the two components lowers or lifts the function. */
export interface FuseSide {
  readonly encoding: StringEncoding;
  readonly memory: boolean;
  readonly realloc: boolean;
  /** Only of the callee. */
  readonly postReturn: boolean;
  /** Only of the callee: whether it is told of each call (`host.enter`, `host.leave`), since it has threads. */
  readonly threads?: boolean;
}

/** What `host.trap` is given. */
export const TRAP = {
  cannotLeave: 0,
  cannotEnter: 1,
  unaligned: 2,
  outOfBounds: 3,
  listOutOfBounds: 4,
  stringOutOfBounds: 5,
  listTooLong: 6,
  stringTooLong: 7,
  char: 8,
  discriminant: 9,
  utf8: 10,
  utf16: 11,
} as const;

export type TrapCode = (typeof TRAP)[keyof typeof TRAP];

/** What the codes mean that `host.trap` is given; in the words of the component model's own tests where it has any. */
export const FUSE_TRAPS: Readonly<Record<TrapCode, string>> = {
  [TRAP.cannotLeave]: "cannot leave component instance",
  [TRAP.cannotEnter]: "cannot enter component instance",
  [TRAP.unaligned]: "unaligned pointer",
  [TRAP.outOfBounds]: "pointer to parameters or results out of bounds of memory",
  [TRAP.listOutOfBounds]: "list content out-of-bounds",
  [TRAP.stringOutOfBounds]: "string content out-of-bounds",
  [TRAP.listTooLong]: "list is longer than 2^28 - 1 bytes",
  [TRAP.stringTooLong]: "string is longer than 2^28 - 1 bytes",
  [TRAP.char]: "invalid `char` bit pattern",
  [TRAP.discriminant]: "invalid variant discriminant",
  [TRAP.utf8]: "invalid utf-8",
  [TRAP.utf16]: "invalid utf-16",
};

/** A kind of handle that crosses, the way it goes. */
export interface FusedHandle {
  readonly kind: "own" | "borrow";
  readonly resource: ResourceId;
  readonly direction: "params" | "result";
}

/** Traps if the i32 on the stack is not 0. */
export function trapIf(module: ModuleCode, code: FunctionCode, reason: TrapCode): void {
  code.if();
  trap(module, code, reason);
  code.op("end");
}

/** Traps. What follows is not reached, and may assume any values on the stack. */
export function trap(module: ModuleCode, code: FunctionCode, reason: TrapCode): void {
  code.i32(reason);
  code.call(trapFunction(module));
  code.op("unreachable");
}

function trapFunction(module: ModuleCode): FunctionRef {
  return module.importFunction("host", "trap", ["i32"]);
}

/** One of the two components. What it has is imported when it is first used. */
export class Side {
  readonly name: "caller" | "callee";
  readonly encoding: StringEncoding;
  readonly #module: ModuleCode;
  readonly #options: FuseSide;
  #inBounds: FunctionRef | undefined;
  #allocate: FunctionRef | undefined;

  constructor(module: ModuleCode, name: "caller" | "callee", options: FuseSide) {
    this.#module = module;
    this.name = name;
    this.encoding = options.encoding;
    this.#options = options;
  }

  /** The number of its memory. @throws {TypeError} If it has none. */
  memory(): number {
    if (!this.#options.memory) throw new TypeError(`The ${this.name} of a function needs a memory, and has none`);
    return this.#module.importMemory(this.name, "memory");
  }

  /** The number of the global that says whether it may call what it imports. */
  mayLeave(): number {
    return this.#module.importGlobal(this.name, "may-leave");
  }

  /** `(pointer, bytes, reason)`: traps with the reason unless the bytes lie in memory. */
  inBounds(): FunctionRef {
    if (this.#inBounds) return this.#inBounds;
    const code = this.#module.define(["i32", "i32", "i32"], []);
    this.#inBounds = code.ref;
    code.get(0);
    code.op("i64.extend_i32_u");
    code.get(1);
    code.op("i64.extend_i32_u", "i64.add");
    code.memorySize(this.memory());
    code.op("i64.extend_i32_u");
    code.i64(16n);
    code.op("i64.shl", "i64.gt_u");
    code.if();
    code.get(2);
    code.call(trapFunction(this.#module));
    code.op("unreachable", "end");
    return code.ref;
  }

  /**
   * `(old, oldBytes, align, bytes, reason) -> pointer`: calls `realloc`, which may not call out, and checks what it
   * gives. @throws {TypeError} If the component has no `realloc`.
   */
  allocate(): FunctionRef {
    if (this.#allocate) return this.#allocate;
    if (!this.#options.realloc) throw new TypeError(`The ${this.name} of a function needs a realloc, and has none`);
    const realloc = this.#module.importFunction(this.name, "realloc", ["i32", "i32", "i32", "i32"], ["i32"]);
    const code = this.#module.define(["i32", "i32", "i32", "i32", "i32"], ["i32"]);
    this.#allocate = code.ref;
    code.setGlobal(this.mayLeave(), 0);
    for (const param of [0, 1, 2, 3]) code.get(param);
    code.call(realloc);
    code.set(0);
    code.setGlobal(this.mayLeave(), 1);
    code.get(0);
    code.get(2);
    code.i32(1);
    code.op("i32.sub", "i32.and");
    trapIf(this.#module, code, TRAP.unaligned);
    for (const param of [0, 3, 4]) code.get(param);
    code.call(this.inBounds());
    code.get(0);
    return code.ref;
  }

  /** Traps unless `pointer` is a multiple of `align`, a power of two, and `bytes` lie behind it. */
  check(code: FunctionCode, pointer: number, align: number, bytes: number): void {
    checkAligned(this.#module, code, pointer, align);
    code.get(pointer);
    code.i32(bytes);
    code.i32(TRAP.outOfBounds);
    code.call(this.inBounds());
  }
}

export function checkAligned(module: ModuleCode, code: FunctionCode, pointer: number, align: number): void {
  if (align === 1) return;
  code.get(pointer);
  code.i32(align - 1);
  code.op("i32.and");
  trapIf(module, code, TRAP.unaligned);
}

/** The way that values go: parameters from the caller to the callee, results back. */
export class Way {
  readonly module: ModuleCode;
  readonly direction: "params" | "result";
  readonly from: Side;
  readonly to: Side;
  readonly #handles: FusedHandle[];

  /** @param handles Of both ways: what crosses is added. */
  constructor(module: ModuleCode, direction: "params" | "result", from: Side, to: Side, handles: FusedHandle[]) {
    this.module = module;
    this.direction = direction;
    this.from = from;
    this.to = to;
    this.#handles = handles;
  }

  /** `(handle) -> handle`: from one component's table to that of the other. */
  handle(kind: "own" | "borrow", resource: ResourceId): FunctionRef {
    const { direction } = this;
    const found = this.#handles.findIndex(
      (other) => other.kind === kind && other.resource.slot === resource.slot && other.direction === direction,
    );
    const index = found >= 0 ? found : this.#handles.push({ kind, resource, direction }) - 1;
    return this.module.importFunction("host", `${kind}${index}`, ["i32"], ["i32"]);
  }

  /** A leaf of JavaScript that reads and writes text: see transcode.ts. */
  transcoder(name: string, params: 2 | 3): FunctionRef {
    const types = params === 2 ? (["i32", "i32"] as const) : (["i32", "i32", "i32"] as const);
    return this.module.importFunction("host", `transcode-${name}-${this.direction}`, types, ["i32"]);
  }
}
