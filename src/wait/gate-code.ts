/** The WebAssembly of gates: see gate.ts. */
import {
  call,
  callFirst,
  codeOf,
  constant,
  encodeModule,
  func,
  get,
  GLOBAL_I32,
  MEMORY,
  MUTABLE_I32,
  TABLE,
  type CoreType,
  type FunctionParts,
  type FunctionType,
  type Import,
} from "../abi/encode.ts";
import type { GateShape } from "./gate.ts";
import { FRONTS } from "./lease-code.ts";

const REALLOC: FunctionType = [["i32", "i32", "i32", "i32"], ["i32"]];

/** Numbers the types of a module. */
class Types {
  readonly list: FunctionType[] = [];
  readonly #numbers = new Map<string, number>();

  of(type: FunctionType): number {
    const key = JSON.stringify(type);
    let number = this.#numbers.get(key);
    if (number === undefined) this.#numbers.set(key, (number = this.list.push(type) - 1));
    return number;
  }
}

/** The module whose code depends on this alone. */
export function encodeGates(shape: GateShape): Uint8Array {
  const types = new Types();
  const imports: Import[] = [];
  let count = 0;
  const importFunc = (module: string, name: string, type: FunctionType): number => {
    imports.push([module, name, func(types.of(type))]);
    return count++;
  };
  const refuse = importFunc("gate", "refuse", [[], []]);
  const failed = shape.catches ? importFunc("gate", "failed", [[], []]) : undefined;
  const attempts = shape.functions.map((form, index) => importFunc("attempt", `${index}`, attemptType(form)));
  const wait = importFunc("task", "wait", [[], ["i32"]]);
  const resume = importFunc("task", "resume", [["i32"], ["i32"]]);
  const resumeLong = shape.functions.some((form) => statusOf(form) === "i64")
    ? importFunc("task", "resumeLong", [["i32"], ["i64"]])
    : resume;
  const boxes = new Map(shape.boxes.map((type) => [type, importFunc("unbox", type, [[], [type]])]));
  const suspended = shape.threads ? importFunc("thread", "suspended", [["i32"], ["i32"]]) : undefined;
  const resumed = shape.threads ? importFunc("thread", "resumed", [["i32"], []]) : undefined;
  const realloc =
    shape.realloc === "given" ? call(importFunc("gate", "realloc", REALLOC)) : callFirst(types.of(REALLOC));
  if (shape.realloc === "late") imports.push(["gate", "realloc", TABLE]);
  // Fronts know memories and globals by these numbers: see lease-code.ts.
  if (shape.staging) imports.push(["gate", "staging", MEMORY], ["gate", "number", GLOBAL_I32]);
  if (shape.memory) imports.push(["gate", "memory", MEMORY]);
  imports.push(["gate", "may-leave", MUTABLE_I32]);
  const mayLeave = shape.staging ? 1 : 0;
  const guardedRealloc = count + shape.functions.length;
  const functions = shape.functions.map((form, index): FunctionParts => {
    const body = gateBody(form, {
      refuse,
      failed,
      mayLeave,
      attempt: attempts[index] ?? 0,
      wait,
      resume: statusOf(form) === "i64" ? resumeLong : resume,
      unbox: (form.result && boxes.get(form.result)) ?? 0,
      realloc: guardedRealloc,
      suspended,
      resumed,
    });
    const outer = form.params.map((type) => (type === "length" ? "i64" : type));
    const type = types.of([outer, form.result ? [form.result] : []]);
    return { name: `f${index}`, type, ...body };
  });
  if (shape.realloc !== "none") functions.push(reallocGuard(types.of(REALLOC), realloc, mayLeave));
  return encodeModule({ types: types.list, imports, functions });
}

function attemptType(form: GateShape["functions"][number]): FunctionType {
  const inner = form.params.map((type): CoreType => (type === "length" ? "f64" : type));
  return [inner, [statusOf(form)]];
}

/** What an attempt gives: its result, or whether there is one. */
function statusOf({ result, boxed }: GateShape["functions"][number]): CoreType {
  return boxed ? "i32" : (result ?? "i32");
}

/** Numbers of what a gate calls. */
interface GateNumbers {
  readonly refuse: number;
  /** Missing where WebAssembly cannot catch. */
  readonly failed: number | undefined;
  readonly mayLeave: number;
  readonly attempt: number;
  readonly wait: number;
  readonly resume: number;
  readonly unbox: number;
  readonly realloc: number;
  /** Missing where a component has one thread. */
  readonly suspended: number | undefined;
  readonly resumed: number | undefined;
}

/**
 * (if (i32.eqz (global.get $may-leave)) (then (call $refuse) (unreachable)))
 * (block ...)                                     ;; the front
 * (local.set $r (call $attempt ...))              ;; what these two throw is told to $failed
 * (loop
 *   (if (local.get $r is WAIT) (then
 *     (local.set $r (call $resume (call $wait)))
 *     (br 1))))
 * (local.get $r)                                  ;; or (call $unbox), or nothing
 */
function gateBody(form: GateShape["functions"][number], numbers: GateNumbers): Pick<FunctionParts, "locals" | "body"> {
  const { params, result, boxed, front: frontName, holds } = form;
  const front = frontName && FRONTS[frontName];
  const status = statusOf(form);
  const frontLocals = Array.from({ length: front?.locals ?? 0 }, (): CoreType => "i32");
  const kept = params.length + frontLocals.length;
  // f64.convert_i64_u
  const args = params.flatMap((type, index) => (type === "length" ? codeOf(get(index), 0xba) : get(index)));
  const isWait = status === "i64" ? [0x42, 0x7f, 0x51] : [0x41, 0x7f, 0x46];
  const canBeWait = status === "i32" || status === "i64";
  const value = boxed ? call(numbers.unbox) : result ? get(kept) : [];
  const { suspended, resumed } = numbers;
  const thread = kept + 1;
  const wait =
    suspended === undefined || resumed === undefined
      ? call(numbers.wait)
      : codeOf(
          constant(holds === true ? 1 : 0),
          call(suspended),
          0x21,
          thread,
          call(numbers.wait),
          get(thread),
          call(resumed),
        );
  const again = codeOf(wait, call(numbers.resume), 0x21, kept);
  return {
    locals: [...frontLocals, status, ...(suspended === undefined ? [] : (["i32"] as const))],
    body: codeOf(
      codeOf(0x23, numbers.mayLeave, 0x45, 0x04, 0x40, call(numbers.refuse), 0x00, 0x0b),
      front ? codeOf(0x02, 0x40, front.code(numbers.realloc), 0x0b) : [],
      caught(
        codeOf(
          codeOf(args, call(numbers.attempt), 0x21, kept),
          canBeWait ? codeOf(0x03, 0x40, get(kept), isWait, 0x04, 0x40, again, 0x0c, 0x01, 0x0b, 0x0b) : [],
        ),
        numbers.failed,
      ),
      value,
    ),
  };
}

/**
 * (block $done
 *   (block $caught (result exnref)
 *     (try_table (catch_all_ref $caught) ...)
 *     (br $done))
 *   (call $failed)
 *   (throw_ref))
 */
function caught(code: readonly number[], failed: number | undefined): readonly number[] {
  if (failed === undefined) return code;
  const before = [0x02, 0x40, 0x02, 0x69, 0x1f, 0x40, 0x01, 0x03, 0x00];
  return codeOf(before, code, 0x0b, 0x0c, 0x01, 0x0b, call(failed), 0x0a, 0x0b);
}

/** Calls the guest's allocator, which may call nobody meanwhile. If it traps that stays so: the guest is over. */
function reallocGuard(type: number, realloc: readonly number[], mayLeave: number): FunctionParts {
  const args = [0, 1, 2, 3].flatMap(get);
  const set = (value: number): number[] => [0x41, value, 0x24, mayLeave];
  return { name: "realloc", type, locals: [], body: codeOf(set(0), args, realloc, set(1)) };
}
