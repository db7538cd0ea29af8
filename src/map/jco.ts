/**
 * The one place that knows the shapes of jco: how the glue that it generates calls its host, the form of its handle tables,
 * and what it passes to a function that lowers itself. All of it is derived from the tables by WIT's names.
 */
import { Guest, type GuestParts } from "../abi/guest.ts";
import { HandleCount, HandleTable, type Handle, type ResourceType } from "../abi/handles.ts";
import { camelCase, memberOf, pascalCase } from "../abi/names.ts";
import { entryOf, type Entry, type Resources } from "../abi/resources.ts";
import type { Definition, Interface } from "../bind/definition.ts";
import type { Instance } from "../bind/instance.ts";
import { lower } from "../bind/lower.ts";
import type { Readiness } from "../io/readiness.ts";
import type { Steps } from "../io/steps.ts";
import { Trap } from "../io/trap.ts";
import { GateModules, type CoreFunction } from "../wait/gate.ts";
import { fromJs, resultOf, toJs } from "./jco-values.ts";

/** On a function: a factory of its lowered form. On a class and its prototype: see below. */
export const LOWER: unique symbol = Symbol.for("cabiLower");
/** On a resource class: what to call with the rep when a guest drops a handle of its own. */
export const DISPOSE: unique symbol = Symbol.for("cabiDispose");
/** On an instance of a resource class: its rep. */
export const REP: unique symbol = Symbol.for("cabiRep");

/** The glue marks with this bit: a rep that the guest owns, and a place that is free. */
const FLAG = 1 << 30;

/**
 * A handle table of the glue: pairs of numbers. Of handle h, `[2h]` is the scope of a borrow (0 for an own handle; the
 * flag marks a free place, with the next free one), `[2h + 1]` the rep, flagged if it is owned. Handle 0 is the head
 * of the list of free places.
 */
export type JcoTable = number[];

/** What the glue passes to a factory: as much of it as the function needs. */
export interface JcoLowerOptions {
  readonly memory?: { readonly buffer: ArrayBuffer };
  readonly realloc?: (old: number, oldSize: number, align: number, size: number) => number;
  readonly resourceTables?: readonly JcoTable[];
}

/** The rep behind `handle`, or 0: a handle that is unknown, free, or no handle at all. */
function repOf(table: JcoTable, handle: number): number {
  if (handle >= FLAG) return 0;
  const at = handle << 1;
  const rep = table[at + 1];
  // A free place keeps its old rep, so the flag on the scope decides. Bits beyond the table give undefined.
  return rep === undefined || ((table[at] ?? FLAG) & FLAG) !== 0 ? 0 : rep & ~FLAG;
}

function insert(table: JcoTable, rep: number): number {
  const free = (table[0] ?? 0) & ~FLAG;
  if (free === 0) {
    table.push(0, rep | FLAG);
    return (table.length >> 1) - 1;
  }
  table[0] = table[free << 1] ?? 0;
  table[free << 1] = 0;
  table[(free << 1) + 1] = rep | FLAG;
  return free;
}

/**
 * The tables that one function is given. The glue gives them in an order that depends on the component, so they are
 * recognised by what is in them: a table that holds, under a handle, a rep of a kind is of this kind.
 */
class JcoHandles extends HandleTable {
  readonly #tables: readonly JcoTable[];
  readonly #kinds: Map<JcoTable, ResourceType>;
  readonly #resources: Resources;

  /** @param kinds What is known so far about the tables of this instance; shared by all its functions. */
  constructor(tables: readonly JcoTable[], kinds: Map<JcoTable, ResourceType>, resources: Resources) {
    super(new HandleCount(0));
    this.#tables = tables;
    this.#kinds = kinds;
    this.#resources = resources;
  }

  override find(type: ResourceType, index: number): Handle | undefined {
    const known = this.#known(type);
    const entry = known ? this.#entry(known, index) : this.#recognised(type, index);
    return entry?.kind === type ? { type, rep: entry, scope: undefined, lends: 0 } : undefined;
  }

  override own(type: ResourceType, rep: unknown): number {
    const table = this.#known(type) ?? this.#onlyUnknown(type);
    this.#kinds.set(table, type);
    return insert(table, entryOf(rep).rep);
  }

  #entry(table: JcoTable, index: number): Entry | undefined {
    return this.#resources.get(repOf(table, index));
  }

  #known(type: ResourceType): JcoTable | undefined {
    return this.#tables.find((table) => this.#kinds.get(table) === type);
  }

  #recognised(type: ResourceType, index: number): Entry | undefined {
    for (const table of this.#tables) {
      if (this.#kinds.has(table)) continue;
      const entry = this.#entry(table, index);
      if (entry?.kind !== type) continue;
      this.#kinds.set(table, type);
      return entry;
    }
    return undefined;
  }

  #onlyUnknown(type: ResourceType): JcoTable {
    const unknown = this.#tables.filter((table) => !this.#kinds.has(table));
    const [table] = unknown;
    if (!table || unknown.length > 1) {
      throw new Error(`Cannot tell which of ${unknown.length} handle tables is for ${type.name}`);
    }
    return table;
  }
}

/** A function as glue wants it: callable with JavaScript values, and able to lower itself. */
export type BoundFunction = ((this: unknown, ...args: unknown[]) => unknown) & {
  [LOWER]: (options: JcoLowerOptions) => CoreFunction;
};

/** The functions and classes of interfaces, in jco's shapes, for one instance. */
export class JcoInterfaces {
  readonly #instance: Instance;
  readonly #kinds = new Map<JcoTable, ResourceType>();
  readonly #prototypes = new Map<ResourceType, object>();
  readonly #gates = new GateModules();
  readonly #mayLeave = new WebAssembly.Global({ value: "i32", mutable: true }, 1);
  /** Whether glue has asked for lowered functions: those can suspend a guest, others cannot. */
  lowers = false;

  constructor(instance: Instance) {
    this.#instance = instance;
  }

  /** Functions and classes by their names in JavaScript. */
  of({ name, functions, resources }: Interface): Record<string, unknown> {
    const members: Record<string, unknown> = {};
    const prototypes = new Map<string, object>();
    for (const [resource, kind] of Object.entries(resources)) {
      const made = this.#class(kind);
      members[pascalCase(resource)] = made;
      prototypes.set(resource, made.prototype);
    }
    for (const [wit, definition] of Object.entries(functions)) {
      const member = memberOf(wit);
      const bound = this.#bind(`${name}#${wit}`, definition, member !== undefined);
      const owner = member && prototypes.get(member.resource);
      if (owner) Object.defineProperty(owner, camelCase(member.name), { value: bound, configurable: true });
      else members[camelCase(wit)] = bound;
    }
    return members;
  }

  entryOf(kind: ResourceType, instance: unknown): Entry {
    // REP is ours: whatever it holds on an object that glue made is a number, and checked to be a live rep of `kind`.
    const rep = instance !== null && typeof instance === "object" ? (instance as { [REP]?: number })[REP] : undefined;
    const entry = rep === undefined ? undefined : this.#instance.resources.get(rep);
    if (entry?.kind !== kind) throw new TypeError(`Expected a live resource ${kind.name}, got ${String(instance)}`);
    return entry;
  }

  instanceOf(entry: Entry): object {
    const prototype = this.#prototypes.get(entry.kind);
    if (!prototype) throw new TypeError(`No class stands for ${entry.kind.name}`);
    return Object.defineProperty(Object.create(prototype), REP, { value: entry.rep, writable: true });
  }

  /** A class whose instances stand for resources of `kind` in glue that converts to JavaScript. */
  #class(kind: ResourceType): { new (): object; readonly prototype: object } {
    const { resources } = this.#instance;
    const drop = (rep: number): void => {
      const entry = resources.get(rep);
      if (!entry) throw new Trap("1.2", `drop of an unknown resource ${rep}`);
      resources.drop(entry);
    };
    class Resource {
      static [DISPOSE](rep: number): void {
        drop(rep);
      }

      [Symbol.dispose](this: { [REP]?: number }): void {
        if (this[REP] !== undefined) drop(this[REP]);
      }
    }
    this.#prototypes.set(kind, Resource.prototype);
    return Resource;
  }

  /** @param isMethod Whether `this` is the first parameter. */
  #bind(name: string, definition: Definition, isMethod: boolean): BoundFunction {
    const call = (args: unknown[]): unknown => this.#call(name, definition, args);
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
    const { memory, realloc } = options;
    const parts: GuestParts = {
      memory,
      realloc,
      encoding: "utf8",
      handles: new JcoHandles(options.resourceTables ?? [], this.#kinds, resources),
      resources,
    };
    const ungated = lower(this.#instance, name, definition, new Guest(parts), undefined);
    const { functions } = this.#gates.gate([ungated], {
      wait: (result) => task.suspending(result),
      unbox: () => task.boxed,
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
