/** Components as text that give their arguments on to each other, and the last one gives them back. */
import { layoutOf } from "../../src/abi/layout.ts";
import type { CoreType } from "../../src/abi/encode.ts";
import type { ValType } from "../../src/abi/types.ts";
import { anyType } from "./generate.ts";
import type { Random } from "../random.ts";

/** A function whose result is what it is given: its argument, or all of them in a tuple. */
export interface Echo {
  readonly params: readonly ValType[];
  readonly result: ValType;
}

/** What a core function can give back without a look at it: one core value, a pointer and a length, or what is in memory. */
export function anyEcho(random: Random): Echo {
  const type = (): ValType => withoutRare(anyType(random, 3));
  switch (random.below(4)) {
    case 0: {
      const params = [type(), type(), type(), type(), type()];
      const members = [...params, ...Array.from({ length: 17 }, (): ValType => ({ kind: "u16" }))];
      return { params: members, result: { kind: "tuple", members } };
    }
    case 1: {
      const scalar = type();
      if (layoutOf(scalar).flat?.length === 1) return { params: [scalar], result: scalar };
      break;
    }
    case 2:
      return { params: [{ kind: "string" }], result: { kind: "string" } };
    default:
  }
  const list: ValType = { kind: "list", element: type(), length: undefined };
  return { params: [list], result: list };
}

/** Without what Wasmtime has not, or not yet by default. */
function withoutRare(type: ValType): ValType {
  const of = withoutRare;
  const maybe = (inner: ValType | undefined): ValType | undefined => inner && of(inner);
  switch (type.kind) {
    case "list":
      return { kind: "list", element: of(type.element), length: undefined };
    case "map":
      return { kind: "list", element: { kind: "tuple", members: [of(type.key), of(type.value)] }, length: undefined };
    case "tuple":
      return { kind: "tuple", members: type.members.map(of) };
    case "record":
      return { kind: "record", fields: type.fields.map(({ name, type: field }) => ({ name, type: of(field) })) };
    case "variant":
      return { kind: "variant", cases: type.cases.map(({ name, type: carried }) => ({ name, type: maybe(carried) })) };
    case "option":
      return { kind: "option", some: of(type.some) };
    case "result":
      return { kind: "result", ok: maybe(type.ok), err: maybe(type.err) };
    default:
      return type;
  }
}

/** The types of a function in one scope. What has names of its own has to have one itself to be exported. */
class Types {
  readonly definitions: string[] = [];
  readonly #inInstance: boolean;

  constructor(inInstance: boolean) {
    this.#inInstance = inInstance;
  }

  of(type: ValType): string {
    switch (type.kind) {
      case "record":
        return this.#named(`(record ${type.fields.map((f) => `(field "${f.name}" ${this.of(f.type)})`).join(" ")})`);
      case "variant":
        return this.#named(`(variant ${type.cases.map((c) => this.#case(c.name, c.type)).join(" ")})`);
      case "enum":
      case "flags":
        return this.#named(`(${type.kind} ${type.names.map((name) => `"${name}"`).join(" ")})`);
      case "tuple":
        return `(tuple ${type.members.map((member) => this.of(member)).join(" ")})`;
      case "list":
        return `(list ${this.of(type.element)})`;
      case "option":
        return `(option ${this.of(type.some)})`;
      case "result":
        return `(result ${type.ok ? this.of(type.ok) : ""} ${type.err ? `(error ${this.of(type.err)})` : ""})`;
      default:
        return type.kind;
    }
  }

  #case(name: string, type: ValType | undefined): string {
    return `(case "${name}" ${type ? this.of(type) : ""})`;
  }

  #named(definition: string): string {
    const name = `t${this.definitions.length}`;
    const exported = this.#inInstance
      ? `(export "${name}" (type $${name} (eq $${name}x)))`
      : `(export $${name} "${name}" (type $${name}x))`;
    this.definitions.push(`(type $${name}x ${definition}) ${exported}`);
    return `$${name}`;
  }

  func({ params, result }: Echo): string {
    const named = params.map((type, index) => `(param "p${index}" ${this.of(type)})`);
    return `${named.join(" ")} (result ${this.of(result)})`;
  }
}

const LIBC = `
  (core module $libc
    (memory (export "memory") 100)
    (global $next (mut i32) (i32.const 1024))
    (func (export "realloc") (param $old i32) (param $bytes i32) (param $align i32) (param $new i32) (result i32)
      (local $at i32)
      (local.set $at (i32.and
        (i32.add (global.get $next) (i32.sub (local.get $align) (i32.const 1)))
        (i32.sub (i32.const 0) (local.get $align))))
      (global.set $next (i32.add (local.get $at) (local.get $new)))
      (memory.copy (local.get $at) (local.get $old)
        (select (local.get $bytes) (local.get $new) (i32.lt_u (local.get $bytes) (local.get $new))))
      (local.get $at)))
  (core instance $libc (instantiate $libc))`;

const ENCODINGS = ["utf8", "utf16", "latin1+utf16"];

/** Those of one component, which has one encoding: what is lifted in it is lowered as it lies there. */
function options(encoding: string): string {
  return `(memory (core memory $libc "memory")) (realloc (core func $libc "realloc")) string-encoding=${encoding}`;
}

interface Flat {
  readonly params: readonly CoreType[];
  /** The one core value of the result; `undefined` if that lies in memory. */
  readonly result: CoreType | undefined;
  readonly spilled: boolean;
}

function flatOf({ params, result }: Echo): Flat {
  const { flat } = layoutOf({ kind: "tuple", members: params });
  const results = layoutOf(result).flat;
  const [first] = results ?? [];
  return {
    params: flat ?? ["i32"],
    result: results?.length === 1 ? first : undefined,
    spilled: flat === undefined,
  };
}

/** Gives back what it is given. */
function echoing(echo: Echo): string {
  const { params, result, spilled } = flatOf(echo);
  const body =
    result || spilled
      ? "(local.get 0)"
      : `(i32.store (i32.const 64) (local.get 0)) (i32.store (i32.const 68) (local.get 1)) (i32.const 64)`;
  return `
    (core module $m (import "" "memory" (memory 1))
      (func (export "f") (param ${params.join(" ")}) (result ${result ?? "i32"}) ${body}))
    (core instance $m (instantiate $m (with "" (instance (export "memory" (memory $libc "memory"))))))`;
}

/** Gives on what it is given to the instance `$next`. */
function passing(echo: Echo, encoding: string): string {
  const { params, result } = flatOf(echo);
  const passed = params.map((_, index) => `(local.get ${index})`).join(" ");
  const { size, align } = layoutOf(echo.result);
  const body = result
    ? `(call $f ${passed})`
    : `(local i32) (local.set ${params.length}
         (call $realloc (i32.const 0) (i32.const 0) (i32.const ${align}) (i32.const ${size})))
       (call $f ${passed} (local.get ${params.length})) (local.get ${params.length})`;
  const imported = `(param ${params.join(" ")}${result ? `) (result ${result})` : " i32)"}`;
  return `
    (core func $f (canon lower (func $next "f") ${options(encoding)}))
    (core module $m
      (import "" "f" (func $f ${imported}))
      (import "" "realloc" (func $realloc (param i32 i32 i32 i32) (result i32)))
      (func (export "f") (param ${params.join(" ")}) (result ${result ?? "i32"}) ${body}))
    (core instance $m (instantiate $m (with "" (instance
      (export "f" (func $f)) (export "realloc" (func $libc "realloc"))))))`;
}

function lifted(echo: Echo, encoding: string): string {
  const types = new Types(false);
  const func = types.func(echo);
  return `${types.definitions.join("\n")}
    (func (export "f") ${func} (canon lift (core func $m "f") ${options(encoding)}))`;
}

/** A component with `count` in it, that exports `f`. */
export function chain(echo: Echo, count: number, random: Random): string {
  const types = new Types(true);
  const func = types.func(echo);
  const imported = `(import "next" (instance $next ${types.definitions.join("\n")} (export "f" (func ${func}))))`;
  const parts: string[] = [];
  for (let index = 0; index < count; index++) {
    const encoding = random.of(ENCODINGS);
    const given = index === 0 ? "" : imported;
    const core = index === 0 ? echoing(echo) : passing(echo, encoding);
    const args = index === 0 ? "" : `(with "next" (instance $i${index - 1}))`;
    parts.push(`(component $c${index} ${given} ${LIBC} ${core} ${lifted(echo, encoding)})
      (instance $i${index} (instantiate $c${index} ${args}))`);
  }
  const encoding = random.of(ENCODINGS);
  if (count === 0) return `(component ${LIBC} ${echoing(echo)} ${lifted(echo, encoding)})`;
  const last = passing(echo, encoding).replaceAll("$next", `$i${count - 1}`);
  return `(component ${parts.join("\n")} ${LIBC} ${last} ${lifted(echo, encoding)})`;
}
