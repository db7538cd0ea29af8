/** Components that tests write as text. */
import { parse } from "@bytecodealliance/jco-transpile/wasm-tools";
import { compileComponent } from "../../src/load/compile.ts";
import { type Compiled } from "../../src/load/compiled.ts";
import { decode } from "../../src/load/decode/decode.ts";
import type { Plan } from "../../src/load/plan/items.ts";
import { planOf } from "../../src/load/plan/plan.ts";
import { CompiledComponent } from "../../src/run/component.ts";
import { instantiate, type RunningInstance } from "../../src/run/instantiate.ts";
import type { InstanceOptions } from "../../src/run/options.ts";
import { nodePlatform } from "../../src/hosts/node/platform.ts";

/** The binary of a component in the text format. */
export function wat(text: string): Promise<Uint8Array> {
  return parse(text);
}

/** In a component: a resource type `$thing'` with `$new` for it, and a core instance `$d` that gives how many were destroyed. */
export const COUNTED_THING = `
  (core module $d
    (global $drops (mut i32) (i32.const 0))
    (func (export "dtor") (param i32) (global.set $drops (i32.add (global.get $drops) (i32.const 1))))
    (func (export "drops") (result i32) (global.get $drops)))
  (core instance $d (instantiate $d))
  (alias core export $d "dtor" (core func $dtor))
  (type $thing' (resource (rep i32) (dtor (core func $dtor))))
  (core func $new (canon resource.new $thing'))`;

/** As `wat`, of what is in a component. */
export function component(fields: string): Promise<Uint8Array> {
  return wat(`(component ${fields})`);
}

export async function plan(fields: string): Promise<Plan> {
  return planOf(decode(await component(fields)));
}

export async function compiled(fields: string): Promise<Compiled> {
  return compileComponent(await component(fields));
}

/** An instance whose exports are called synchronously. */
export async function running(
  fields: string,
  options: InstanceOptions<unknown, unknown> = {},
): Promise<RunningInstance> {
  return instantiate(nodePlatform, new CompiledComponent(await compiled(fields)), { syncExports: true, ...options });
}

/** One of the functions that an instance exports. */
export function exported(instance: RunningInstance, name: string): (...args: unknown[]) => unknown {
  const found = instance.exports[name];
  if (typeof found !== "function") throw new TypeError(`${name} is no function`);
  return found as (...args: unknown[]) => unknown;
}
