/** Compiling ahead: all modules of WebAssembly that running a component takes, to be compiled by somebody else. */
import { camelCase, pascalCase } from "../abi/names.ts";
import { memberOf } from "../abi/members.ts";
import { signatureOf } from "../abi/signature.ts";
import type { FuncItem, InstanceItem, Item, Plan } from "../load/plan/items.ts";
import { withSection } from "../load/decode/custom-section.ts";
import { writePlan } from "../load/plan/plan-data.ts";
import { Compiled } from "../load/compiled.ts";
import { moduleOfSections } from "../wait/engine.ts";
import { recording } from "../wait/module.ts";
import { compile } from "./compile.ts";
import { heldCore } from "./core-module.ts";
import { interfaceOf, loadInterfaces } from "../bind/interfaces.ts";
import type { Imports, ImportValue } from "./imports.ts";
import { begin } from "./instantiate.ts";
import type { InstanceOptions } from "./options.ts";
import type { Platform } from "./platform.ts";
import { VERSION } from "./version.ts";
import { SECTIONS } from "./precompiled.ts";

/** A module, and what it is in words that make a file's name. */
export interface PreparedModule {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** What `precompiled` wants, before it is compiled. */
export interface Prepared {
  readonly modules: readonly PreparedModule[];
  /** What the component exports. */
  readonly exports: readonly string[];
}

/** What changes the modules that are put around a component. */
const WAYS: readonly InstanceOptions<unknown, unknown>[] = [{}, { trace: () => {} }, { leases: false }];

/**
 * Instantiates the component, with nothing given to it and functions that only throw for imports that are not ours, and
 * keeps what was compiled for that.
 *
 * @param bytes A component, or a core module of WASI preview 1.
 * @throws As `compile` and `instantiate` do.
 */
export async function prepare(platform: Platform, bytes: Uint8Array): Promise<Prepared> {
  const component = await compile(bytes);
  const { compiled, exports } = component;
  const plan = compiled instanceof Compiled ? compiled.plan : undefined;
  if (plan) await loadInterfaces(plan.imports.keys());
  const made = await recording(async () => {
    const imports = plan ? stubsFor(plan) : {};
    for (const way of WAYS) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const { running } = await begin(platform, component, { ...way, imports });
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await running.close();
    }
    if (plan?.isAsync === true) await prepareEntries(plan);
    if (plan && isAsked(plan)) (await import("../wait/succession.ts")).successionModule();
  });
  const ours = [...made].map(([name, module], index) => ({
    name: `made-${index}`,
    bytes: withSection(module, SECTIONS.made, utf8(name)),
  }));
  if (!plan) {
    return {
      modules: [{ name: "core", bytes: withSection(await heldCore(bytes), SECTIONS.preview1, utf8(VERSION)) }, ...ours],
      exports,
    };
  }
  const cores = plan.modules.map((module, index) => ({
    name: `core-${index}`,
    bytes: withSection(module, SECTIONS.core, utf8(String(index))),
  }));
  const whole = {
    name: "component",
    bytes: withSection(moduleOfSections(), SECTIONS.plan, utf8(writePlan(plan, VERSION))),
  };
  return { modules: [whole, ...cores, ...ours], exports };
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** Whether requests of 0.2 are answered by it. */
function isAsked({ exports }: Plan): boolean {
  return [...exports.keys()].some((name) => name.startsWith("wasi:http/incoming-handler@"));
}

/** Those by which asynchronous functions are called, which are made when one first is. */
async function prepareEntries({ exports, trampolines }: Plan): Promise<void> {
  const { entryModule } = await import("../load/link/entry.ts");
  const lifted = [
    ...functionsOf(exports.values()),
    ...trampolines.flatMap((trampoline) => (trampoline.is === "lower" ? [trampoline.func] : [])),
  ];
  for (const func of lifted) {
    if (func.is !== "lifted") continue;
    const { params, results } = signatureOf(func.type, "lift");
    const { async, callback } = func.options;
    entryModule(params, async ? (callback ? ["i32"] : []) : results);
  }
  entryModule(["i32", "i32", "i32"], ["i32"]);
  // A thread's.
  entryModule(["i32"], []);
}

function functionsOf(items: Iterable<Item>): FuncItem[] {
  return Array.from(items).flatMap((item) => {
    if (item.sort === "instance") return functionsOf(item.instance.exports.values());
    return item.sort === "func" ? [item.func] : [];
  });
}

/** What stands for what an embedder will give. Nobody calls it, unless the guest does so by being instantiated. */
function stubsFor({ imports }: Plan): Imports {
  const given: Record<string, ImportValue> = {};
  for (const [name, item] of imports) {
    if (interfaceOf(name)) continue;
    if (item.sort === "func") given[name] = refuse;
    else if (item.sort === "instance") given[name] = stubInstance(item.instance);
    else if (item.sort === "type" && item.type.is === "resource") given[name] = { [pascalCase(name)]: newStub() };
  }
  return given;
}

function stubInstance({ exports }: InstanceItem): ImportValue {
  const members: Record<string, unknown> = {};
  const classes = new Map<string, new () => object>();
  for (const [name, item] of exports) {
    if (item.sort !== "type" || item.type.is !== "resource") continue;
    const made = newStub();
    classes.set(name, made);
    members[pascalCase(name)] = made;
  }
  for (const [name, item] of exports) {
    if (item.sort !== "func") continue;
    const member = memberOf(name);
    const owner = member && classes.get(member.resource);
    if (member?.form === "constructor") continue;
    const key = camelCase(member?.name ?? name);
    const holder = owner ? (member.form === "method" ? (owner.prototype as object) : owner) : members;
    Object.defineProperty(holder, key, { value: refuse, configurable: true, enumerable: true, writable: true });
  }
  return members;
}

/** A class of its own for each resource type. */
function newStub(): new () => object {
  return class Stub extends Object {};
}

function refuse(): never {
  throw new Error("The component calls an import while it is instantiated: it cannot be prepared without the import");
}
