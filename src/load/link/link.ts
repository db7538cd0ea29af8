/** A plan carried out: core instances wired to each other, to lowered functions, and to the host. */
import { Guest, type CopyBinding, type ResourceBinding } from "../../abi/guest.ts";
import type { HandleCount, ResourceType } from "../../abi/handles.ts";
import type { Resources } from "../../abi/resources.ts";
import type { FuncType, ResourceId } from "../../abi/types.ts";
import type { CoreFunction, GateContext, Ungated } from "../../wait/gate.ts";
import type { Lease } from "../../wait/lease.ts";
import type { Callee } from "../../wait/callee.ts";
import type { Task } from "../../wait/task.ts";
import type { ThreadGroup } from "../../wait/threads.ts";
import type { Concurrency } from "../async/link.ts";
import { ComponentInstance, type GlobalI32 } from "./component-instance.ts";
import { DefinedResource } from "./defined-resource.ts";
import type { Compiled, CoreModule } from "../compiled.ts";
import type { CoreInstanceItem, CoreItem, FuncItem, ModuleItem, Options, ResourceOrigin } from "../plan/items.ts";
import { guardRealloc, wrongCore } from "./guards.ts";
import { InvalidComponentError } from "../invalid-component.ts";
import { LateMemory } from "./late.ts";
import type { SharedSizes } from "../renew/shared-sizes.ts";
import { Trampolines } from "./trampolines.ts";
import { asyncs } from "../parts.ts";

/** What the linked components are given. */
export interface LinkHost {
  readonly resources: Resources;
  /** Of all component instances. */
  readonly handleCount: HandleCount;
  /** See `Limits.valueBytes`. */
  readonly valueBytes: number;
  /** See `Limits.tasks`. */
  readonly tasks: number;
  /** Has the guest wait. */
  readonly task: Task;
  /** How streams and futures pass to and from JavaScript. */
  readonly copies: CopyBinding | undefined;
  /** The guest has failed where nobody has called it: it is over. */
  readonly trapped: (error: unknown) => void;
  /** The function that is imported by this path, for calls that may take long. */
  callee(func: FuncItem & { readonly is: "imported" }, guest: Guest): Callee | LiftedFunction;
  newLease(): Lease | undefined;
  /** The function that is imported by this path: lowered for a guest, or one of another component instance. */
  lower(func: FuncItem & { readonly is: "imported" }, guest: Guest, lease: Lease | undefined): Ungated | LiftedFunction;
  /** What stands for a resource type that is imported. */
  bind(id: ResourceId, linked: Linked): ResourceBinding;
  /** A core module that is imported, or in an instance that is. */
  module(item: ModuleItem & { readonly is: "imported" }): CoreModule;
  /** Of the gate: see `GateContext`. */
  readonly failed: GateContext["failed"];
}

/** A function of a component instance that is running, as others can call it. */
export interface LiftedFunction {
  readonly type: FuncType;
  readonly linked: Linked;
  readonly func: FuncItem & { readonly is: "lifted" };
}

/** Exports of core instances, by the place of their steps. */
type CoreExports = Record<string, unknown>;

type Realloc = (old: number, oldSize: number, align: number, size: number) => number;

interface CoreInstance {
  readonly exports: CoreExports;
}

/** Bytes of a core module. The main threads of browsers make no instance of more than 8 MB while somebody waits. */
export const MADE_AT_ONCE: number = 4 * 1024 * 1024;

/** A component and all components within it, instantiated. */
export class Linked {
  readonly compiled: Compiled;
  readonly host: LinkHost;
  readonly instances: readonly ComponentInstance[];
  readonly sizes: SharedSizes | undefined;
  readonly #core: CoreExports[] = [];
  readonly #bindings: (ResourceBinding | undefined)[];
  readonly #trampolines: Trampolines;

  readonly #entries: GlobalI32[] = [];

  #concurrency: Concurrency | undefined;
  #rawBindings: (ResourceBinding | undefined)[] | undefined;

  /** Whether JavaScript has called the component, and the call is not over. */
  isEntered: () => boolean = () => false;
  /** Whether the component may be called: for other components that do. 1 or 0. */
  entry: GlobalI32 | undefined;

  /** @param jsBinding How resources that the components define pass to and from JavaScript. */
  constructor(compiled: Compiled, host: LinkHost, jsBinding: (type: ResourceType) => ResourceBinding) {
    this.compiled = compiled;
    this.sizes = compiled.newSizes?.();
    this.host = host;
    const { plan } = compiled;
    this.#trampolines = new Trampolines(this);
    this.instances = plan.instances.map(() => new ComponentInstance(host));
    // As large as it becomes: what grows has room for many more.
    this.#bindings = Array.from({ length: plan.resources.length });
    for (const [slot, { id, origin }] of plan.resources.entries()) {
      this.#bindings[slot] = origin.is === "imported" ? host.bind(id, this) : jsBinding(this.#defined(id, origin));
    }
    for (const module of compiled.importedModules) this.module(module);
  }

  #defined({ name }: ResourceId, { instance, destructor }: ResourceOrigin & { readonly is: "defined" }) {
    return new DefinedResource(
      name,
      this,
      this.instance(instance),
      destructor && (() => this.coreFunction(destructor)),
    );
  }

  /** Instantiates the core modules, in order. @throws What a start function throws. */
  async run(): Promise<void> {
    const { steps } = this.compiled.plan;
    for (const [index, { module, args, offset }] of steps.entries()) {
      this.#trampolines.make(index);
      const imports = Object.fromEntries(args.map(([name, item]) => [name, this.#importsOf(item)]));
      this.sizes?.addTo(imports, this.compiled.stateOf(module));
      try {
        // oxlint-disable-next-line no-await-in-loop -- what comes later imports what comes before
        this.#core.push((await this.#instantiated(module, imports)).exports);
      } catch (error) {
        if (!(error instanceof WebAssembly.LinkError) && !(error instanceof TypeError)) throw error;
        throw new InvalidComponentError(`a core module cannot be instantiated: ${error.message}`, offset, {
          cause: error,
        });
      }
    }
    this.#trampolines.make(steps.length);
  }

  /** At once, unless engines do not do that for one of its size, or that is not known. */
  #instantiated(item: ModuleItem, imports: Record<string, CoreExports>): CoreInstance | Promise<CoreInstance> {
    const module = this.module(item);
    const size = item.is === "imported" ? undefined : this.compiled.sizes[item.index];
    return size !== undefined && size <= MADE_AT_ONCE
      ? new WebAssembly.Instance(module, imports)
      : WebAssembly.instantiate(module, imports);
  }

  /** What its core instances export, in the order of the steps. */
  get core(): readonly Readonly<CoreExports>[] {
    return this.#core;
  }

  /** Of an asynchronous component. */
  get concurrency(): Concurrency {
    return (this.#concurrency ??= new asyncs.code.Concurrency(this));
  }

  /** What threads of a component instance share. */
  group(instance: number): ThreadGroup {
    const group = this.concurrency.groups[instance];
    if (!group) throw new Error(`There is no component instance ${instance}`);
    return group;
  }

  /** The guest has failed where nobody has called it. */
  fail(error: unknown): void {
    this.host.trapped(error);
  }

  /** The instance is over, for `reason`. Gives what went wrong with that. */
  end(reason: unknown): unknown[] {
    this.close();
    return this.#concurrency?.end(reason) ?? [];
  }

  instance(index: number): ComponentInstance {
    const instance = this.instances[index];
    if (!instance) throw new Error(`There is no component instance ${index}`);
    return instance;
  }

  /** As `entry`: from now on the component is called by another. */
  get sharedEntry(): GlobalI32 {
    return (this.entry ??= new WebAssembly.Global({ value: "i32", mutable: true }, this.isEntered() ? 0 : 1));
  }

  /** Whether a component within it may be entered that the caller is a part of: 1 or 0. */
  newEntry(): GlobalI32 {
    const entry = new WebAssembly.Global({ value: "i32", mutable: true }, 1);
    this.#entries.push(entry);
    return entry;
  }

  /**
   * After the end: for a guest that is as it was when it was made.
   *
   * @returns Whether nothing of before still runs, nor has failed in the middle of a call.
   */
  renew(): boolean {
    if (this.compiled.plan.isAsync && !this.concurrency.renew()) return false;
    return this.instances.every((instance) => instance.renew()) && this.#entries.every(({ value }) => value === 1);
  }

  /** The instance is over: no other component enters it any more. */
  close(): void {
    if (this.entry) this.entry.value = 0;
  }

  binding(id: ResourceId): ResourceBinding {
    const binding = this.#bindings[id.slot];
    if (!binding) throw new Error(`Nothing stands for the resource type ${id.name || id.slot}`);
    return binding;
  }

  /** Whether it can be looked up by now: while the component is instantiated some cannot. */
  isThere(item: CoreItem): boolean {
    return item.is === "export"
      ? item.instance.index < this.#core.length
      : this.#trampolines.made(item.index) !== undefined;
  }

  coreFunction(item: CoreItem): CoreFunction {
    const value = this.#value(item);
    if (typeof value !== "function") throw wrongCore(item, "function");
    // Exported functions take and give core values.
    return value as CoreFunction;
  }

  memory(item: CoreItem | undefined): { readonly buffer: ArrayBuffer } | undefined {
    return item && this.#memoryOf(item);
  }

  #memoryOf(item: CoreItem): { readonly buffer: ArrayBuffer } {
    const value = this.#value(item);
    if (!(value instanceof WebAssembly.Memory)) throw wrongCore(item, "memory");
    return value;
  }

  /** What a table has there. */
  tableEntry(item: CoreItem, index: number): unknown {
    const table = this.#value(item);
    if (!(table instanceof WebAssembly.Table)) throw wrongCore(item, "table");
    return index < table.length ? table.get(index) : undefined;
  }

  /** A guest as functions with these options see it. */
  guest(options: Options, instance: number): Guest {
    return this.#guest(options, instance, this.#bindings, this.host.copies);
  }

  /** As `guest`, whose resources and streams are for another component: what stands for them. */
  rawGuest(options: Options, instance: number): Guest {
    this.#rawBindings ??= asyncs.code.rawBindings(this.#bindings);
    return this.#guest(options, instance, this.#rawBindings, this.concurrency.copies);
  }

  #guest(
    { encoding, memory, realloc }: Options,
    instance: number,
    bindings: readonly (ResourceBinding | undefined)[],
    copies: CopyBinding | undefined,
  ): Guest {
    return new Guest({
      encoding,
      memory: memory && (this.isThere(memory) ? this.memory(memory) : new LateMemory(() => this.#memoryOf(memory))),
      realloc: realloc && this.#guardedRealloc(realloc, instance),
      handles: this.instance(instance).handles,
      resources: this.host.resources,
      valueBytes: this.host.valueBytes,
      bindings,
      copies,
    });
  }

  /** The allocator, during which the guest may call nobody: that of a gate, or one of its own. */
  #guardedRealloc(item: CoreItem, instance: number): Realloc {
    const { mayLeave } = this.instance(instance);
    let guarded: Realloc | undefined;
    return (old, oldSize, align, size) => {
      // An allocator takes and gives this: the plan has seen its type.
      guarded ??= this.#inItsContext(
        this.#trampolines.guardedRealloc(item) ?? guardRealloc(this.coreFunction(item), mayLeave),
        instance,
      ) as Realloc;
      return guarded(old, oldSize, align, size);
    };
  }

  /** The allocator as it is, for who sees to it that it calls nobody. */
  allocator({ realloc }: Options, instance: number): CoreFunction | undefined {
    return realloc && this.#inItsContext(this.coreFunction(realloc), instance);
  }

  #inItsContext(realloc: CoreFunction, instance: number): CoreFunction {
    return this.compiled.plan.isAsync ? asyncs.code.inItsContext(this, realloc, instance) : realloc;
  }

  #importsOf(item: CoreInstanceItem): CoreExports {
    if (item.is === "instantiated") return this.#core[item.index] ?? {};
    const imports: Record<string, unknown> = Object.create(null);
    for (const [name, core] of item.exports) imports[name] = this.#value(core);
    return imports;
  }

  #value(item: CoreItem): unknown {
    if (item.is === "trampoline") return this.#trampolines.made(item.index);
    const exports = this.#core[item.instance.index];
    const value = exports && Object.hasOwn(exports, item.name) ? exports[item.name] : undefined;
    if (value === undefined) throw wrongCore(item, item.sort.slice("core ".length));
    return value;
  }

  /** @throws {InvalidComponentError} If it is imported, and known to be another than is expected. */
  module(item: ModuleItem): CoreModule {
    if (item.is === "imported") {
      return this.host.module(item);
    }
    const module = this.compiled.modules[item.index];
    if (!module) throw new Error(`There is no core module ${item.index}`);
    return module;
  }
}
