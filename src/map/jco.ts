/**
 * The one place that knows the shapes of jco: how the glue that it generates calls its host, the form of its handle tables,
 * and what it passes to a function that lowers itself. All of it is derived from the tables by WIT's names.
 */
import { told } from "../io/told.ts";
import { Guest, type GuestParts } from "../abi/guest.ts";
import type { ResourceType } from "../abi/handles.ts";
import { camelCase, pascalCase } from "../abi/names.ts";
import { memberOf } from "../abi/members.ts";
import type { Entry } from "../abi/resources.ts";
import type { Definition, Interface } from "../bind/definition.ts";
import type { Instance } from "../bind/instance.ts";
import { lower } from "../bind/lower.ts";
import type { Readiness } from "../io/readiness.ts";
import type { Steps } from "../io/steps.ts";
import { Trap } from "../io/trap.ts";
import { encodeGates } from "../wait/gate-code.ts";
import { GateModules, type CoreFunction } from "../wait/gate.ts";
import { JcoHandles, TableKinds, type JcoTable } from "./jco-tables.ts";
import { fromJs, resourcesIn, resultOf, toJs } from "./jco-values.ts";

/** On a function: a factory of its lowered form. On a class and its prototype: see below. */
export const LOWER: unique symbol = Symbol.for("cabiLower");
/** On a resource class: what to call with the rep when a guest drops a handle of its own. */
export const DISPOSE: unique symbol = Symbol.for("cabiDispose");
/** On an instance of a resource class: its rep. */
export const REP: unique symbol = Symbol.for("cabiRep");

/** What the glue passes to a factory: as much of it as the function needs. */
export interface JcoLowerOptions {
  readonly memory?: { readonly buffer: ArrayBuffer };
  readonly realloc?: (old: number, oldSize: number, align: number, size: number) => number;
  readonly resourceTables?: readonly JcoTable[];
}

/** A function as glue wants it: callable with JavaScript values, and able to lower itself. */
export type BoundFunction = ((this: unknown, ...args: unknown[]) => unknown) & {
  [LOWER]: (options: JcoLowerOptions) => CoreFunction;
};

/** What stands for a type of resources. With a constructor, it is able to lower that. */
type ResourceClass = (new (...args: unknown[]) => object) & { [LOWER]?: BoundFunction[typeof LOWER] };

/** The functions and classes of interfaces, in jco's shapes, for one instance. */
export class JcoInterfaces {
  readonly #instance: Instance;
  readonly #kinds = new TableKinds();
  readonly #prototypes = new Map<ResourceType, object>();
  readonly #gates = new GateModules(encodeGates);
  readonly #mayLeave = new WebAssembly.Global({ value: "i32", mutable: true }, 1);
  /** Whether glue has asked for lowered functions: those can suspend a guest, others cannot. */
  lowers = false;

  constructor(instance: Instance) {
    this.#instance = instance;
  }

  /** Functions and classes by their names in JavaScript. */
  of({ name, functions, resources }: Interface): Record<string, unknown> {
    const members: Record<string, unknown> = {};
    const classes = new Map<string, ResourceClass>();
    for (const [resource, kind] of Object.entries(resources)) {
      const create = functions[`[constructor]${resource}`];
      const made = this.#class(kind, create && this.#bind(`${name}#[constructor]${resource}`, create, false));
      members[pascalCase(resource)] = made;
      classes.set(resource, made);
    }
    for (const [wit, definition] of Object.entries(functions)) {
      const member = memberOf(wit);
      if (member?.form === "constructor") continue;
      const bound = this.#bind(`${name}#${wit}`, definition, member?.form === "method");
      const owner = member && classes.get(member.resource);
      if (!owner) members[camelCase(wit)] = bound;
      else {
        const target = member.form === "static" ? owner : owner.prototype;
        Object.defineProperty(target, camelCase(member.name), { value: bound, configurable: true });
      }
    }
    return members;
  }

  entryOf(kind: ResourceType, instance: unknown): Entry {
    // REP is ours: whatever it holds on an object that glue made is a number, and checked to be a live rep of `kind`.
    const rep = instance !== null && typeof instance === "object" ? (instance as { [REP]?: number })[REP] : undefined;
    const entry = rep === undefined ? undefined : this.#instance.resources.get(rep);
    if (entry?.kind !== kind) throw new TypeError(`Expected a live resource ${kind.name}, got ${told(instance)}`);
    return entry;
  }

  instanceOf(entry: Entry): object {
    const prototype = this.#prototypes.get(entry.kind);
    if (!prototype) throw new TypeError(`No class stands for ${entry.kind.name}`);
    return Object.defineProperty(Object.create(prototype), REP, { value: entry.rep, writable: true });
  }

  /** A class whose instances stand for resources of `kind` in glue that converts to JavaScript. */
  #class(kind: ResourceType, create: BoundFunction | undefined): ResourceClass {
    const { resources } = this.#instance;
    const drop = (rep: number): void => {
      const entry = resources.get(rep);
      if (!entry) throw new Trap("1.2", `drop of an unknown resource ${rep}`);
      resources.drop(entry);
    };
    class Resource {
      constructor(...args: unknown[]) {
        // An object of this class; without a constructor nothing stands for a resource that was not given.
        if (create) return create(...args) as Resource;
      }

      static [DISPOSE](rep: number): void {
        drop(rep);
      }

      [Symbol.dispose](this: { [REP]?: number }): void {
        if (this[REP] !== undefined) drop(this[REP]);
      }
    }
    this.#prototypes.set(kind, Resource.prototype);
    return create ? Object.assign(Resource, { [LOWER]: create[LOWER] }) : Resource;
  }

  /** @param isMethod Whether `this` is the first parameter. */
  #bind(name: string, definition: Definition, isMethod: boolean): BoundFunction {
    const call = (args: unknown[]): unknown => {
      // They go on in the event loop, which glue that converts blocks.
      if (name.startsWith("wasi:http/")) throw cannotWait(name);
      return this.#call(name, definition, args);
    };
    function bound(this: unknown, ...args: unknown[]): unknown {
      return call(isMethod ? [this, ...args] : args);
    }
    return Object.assign(bound, {
      [LOWER]: (options: JcoLowerOptions) => this.#lower(name, definition, options),
    });
  }

  #lower(name: string, definition: Definition, options: JcoLowerOptions): CoreFunction {
    this.lowers = true;
    const { task, resources } = this.#instance;
    const { memory, realloc, resourceTables = [] } = options;
    this.#kinds.learn(resourceTables, kindsOf(definition));
    const parts: GuestParts = {
      memory,
      realloc,
      encoding: "utf8",
      handles: new JcoHandles(resourceTables, this.#kinds, resources),
      resources,
    };
    const ungated = lower(this.#instance, name, definition, new Guest(parts), undefined);
    const { functions } = this.#gates.gate([ungated], {
      task: task.gate,
      memory: undefined,
      realloc: undefined,
      staging: undefined,
      mayLeave: this.#mayLeave,
      failed: () => {},
      refuse: () => {
        throw new Error("Glue guards its allocator itself");
      },
    });
    const [made] = functions;
    if (!made) throw new Error("A gate has a function for each that it is given");
    return made;
  }

  /** Glue has converted the parameters, and will convert the result. It cannot suspend its guest. */
  #call(name: string, { params, returns, run, waits }: Definition, args: unknown[]): unknown {
    const { resources } = this.#instance;
    let value;
    try {
      const values = params.map((type, index) => fromJs(type, args[index], this));
      const out = run(this.#instance, values);
      // `waits` says that these are steps.
      value = waits === "steps" ? this.#park(name, out as Steps<unknown>) : out;
    } catch (error) {
      throw resultOf(returns, returns.caught(error, resources), this, error);
    }
    return returns.wit ? toJs(okOf(returns.wit), value, this) : undefined;
  }

  #park(name: string, steps: Steps<unknown>): unknown {
    const { park } = this.#instance;
    for (;;) {
      const step = steps.next();
      if (step.done === true) return step.value;
      if (!park) throw cannotWait(name);
      park(step.value satisfies Readiness);
    }
  }
}

/** Every kind of resource that a function has to do with. */
function kindsOf({ params, returns }: Definition): ReadonlySet<ResourceType> {
  const kinds = new Set<ResourceType>();
  for (const { wit } of params) resourcesIn(wit, kinds);
  if (returns.wit) resourcesIn(returns.wit, kinds);
  return kinds;
}

function okOf(wit: NonNullable<Definition["returns"]["wit"]>) {
  return wit.kind === "result" ? wit.ok : wit;
}

function cannotWait(name: string): Trap {
  return new Trap(
    "4.3",
    `${name}: the guest has to wait here, and glue with "js" bindings cannot: transpile the component with ` +
      'importBindings "hybrid" and asyncMode "jspi"',
  );
}
