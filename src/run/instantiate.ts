import type { CopyBinding, Guest, ResourceBinding } from "../abi/guest.ts";
import { HandleCount } from "../abi/handles.ts";
import type { ResourceId } from "../abi/types.ts";
import { loadInterfaces } from "../bind/interfaces.ts";
import { lower } from "../bind/lower.ts";
import type { FuncItem, ModuleItem } from "../load/items.ts";
import { fusing } from "../load/parts.ts";
import { UnsupportedComponentError } from "../load/unsupported.ts";
import { Linked, type LiftedFunction, type LinkHost } from "../load/link.ts";
import { Compiled, type CoreModule } from "../load/compiled.ts";
import type { CoreType } from "../abi/encode.ts";
import type { Callee } from "../wait/callee.ts";
import type { Ungated } from "../wait/gate.ts";
import type { Lease } from "../wait/lease.ts";
import { assertWaits } from "../wait/suspension.ts";
import type { AsyncCalls } from "./async-calls.ts";
import { Calls } from "./calls.ts";
import { grantsOf } from "./grants.ts";
import { checkOptions } from "./check-options.ts";
import type { CompiledComponent } from "./component.ts";
import type { CompiledCore } from "./core-module.ts";
import { Exports } from "./exports.ts";
import type * as TypeChecks from "./type-checks.ts";
import {
  classOf,
  functionOf,
  memberFunction,
  moduleOf,
  Providers,
  type ExportedInstance,
  type Imports,
  type Provider,
} from "./imports.ts";
import { jsDefinition } from "./js-functions.ts";
import { embedderBinding, guestBinding, hostBinding } from "./js-resources.ts";
import { Life, type Levels, type Stats } from "./life.ts";
import type { InstanceOptions } from "./options.ts";
import type { Platform } from "./platform.ts";

/** A running instance of a component. It lives until `close`, a trap, `exit` or the abort of its signal. */
export interface RunningInstance {
  /**
   * What the component exports: functions, and interfaces as objects of functions and classes, in camel case. All
   * functions return promises, unless `syncExports` says otherwise. One call runs at a time; others wait for it.
   */
  readonly exports: Readonly<Record<string, unknown>>;
  readonly stats: Stats;
  /** What its standard outputs are doing now. Missing where it has a thread of its own. */
  levels?(): Levels;
  /** Delivers what the guest wrote, ends its streams and releases everything. The instance is over then. */
  close(): Promise<void>;
}

export async function instantiate<Input, Output>(
  platform: Platform,
  component: CompiledComponent,
  options: InstanceOptions<Input, Output> = {},
): Promise<RunningInstance> {
  return (await begin(platform, component, options)).running;
}

/** An instance, and its life for who gives it more than its options say. */
export interface Begun {
  readonly running: RunningInstance;
  readonly life: Life;
  /** Missing for a core module. */
  readonly linked?: Linked;
  /** Of one with asynchronous functions. */
  readonly calls?: AsyncCalls | undefined;
}

/** As `instantiate`. */
export async function begin(
  platform: Platform,
  { compiled, checks: known }: CompiledComponent,
  options: InstanceOptions<unknown, unknown>,
): Promise<Begun> {
  checkOptions(options);
  if (options.syncExports !== true) assertWaits(platform.loop.parking);
  options.signal?.throwIfAborted();
  if (!(compiled instanceof Compiled)) return beginModule(platform, compiled, options);
  const providers = await providersFor(compiled, options.imports);
  if (providers.haveComponents) await fusing.load();
  const checks = needsChecks(compiled, providers) ? (known ?? (await import("./type-checks.ts"))) : undefined;
  const grants = await grantsOf(platform, options);
  options.signal?.throwIfAborted();
  const life = new Life(platform, options, grants);
  try {
    let exports: Exports | undefined;
    if (compiled.plan.isAsync && options.syncExports === true) {
      throw new TypeError("syncExports is for components without asynchronous functions: this one has some");
    }
    const asyncs = compiled.plan.isAsync ? (asyncRun ??= await loadAsyncRun()) : undefined;
    const copies = asyncs && new asyncs.JsCopies(platform, life, () => linked.concurrency.same);
    const linked: Linked = new Linked(compiled, new ProvidedHost(platform, life, providers, checks, copies), (type) =>
      guestBinding(type, () => exports?.prototypeOf(type)),
    );
    const asyncCalls = asyncs && new asyncs.AsyncCalls(linked, life, options.deadlock === "trap");
    const calls = asyncCalls ?? new Calls(linked, life, options.syncExports === true, providers.haveComponents);
    life.onEnd = (reason) => {
      life.instance.faults.push(...linked.end(reason));
      calls.abandon(reason);
    };
    await linked.run();
    life.task.isSync = options.syncExports === true;
    // What ends it may have come while large modules were instantiated.
    life.task.assertAlive();
    compiled.isChecked ||= Object.keys(options.imports ?? {}).length === 0;
    exports = new Exports(linked, calls, providers);
    return { running: running(exports.all(), life), life, linked, calls: asyncCalls };
  } catch (error) {
    throw await life.fail(error);
  }
}

/** Whether types have to be compared: those of our own interfaces once, others each time. */
function needsChecks({ isChecked, importedModules }: Compiled, { haveComponents }: Providers): boolean {
  return !isChecked || haveComponents || importedModules.length > 0;
}

/** What asynchronous components need here, and others have no use for. */
async function loadAsyncRun() {
  const [{ AsyncCalls }, { JsCopies }, { hostCallee }] = await Promise.all([
    import("./async-calls.ts"),
    import("./js-streams.ts"),
    import("../bind/callee.ts"),
  ]);
  return { AsyncCalls, JsCopies, hostCallee };
}

/** Once for the process: it is code, and holds nothing of an instance's. */
let asyncRun: Awaited<ReturnType<typeof loadAsyncRun>> | undefined;

/**
 * Who provides what a component imports.
 *
 * @throws {MissingImportsError} If nobody does.
 * @throws {UnsupportedComponentError} If it cannot be instantiated whoever does.
 */
export async function providersFor(compiled: Compiled, imports: Imports = {}): Promise<Providers> {
  // Those of a component that has been looked into are there.
  if (!compiled.isChecked) await loadInterfaces(compiled.plan.imports.keys());
  const isOurs = Object.keys(imports).length === 0;
  const providers = isOurs ? oursFor(compiled) : new Providers(imports);
  if (!isOurs || !compiled.isChecked) providers.assertComplete(compiled.plan);
  if (compiled.plan.unsupported !== undefined) throw new UnsupportedComponentError(compiled.plan.unsupported);
  return providers;
}

const ours = new WeakMap<Compiled, Providers>();

/** Who provides what a component imports to those instances that are given nothing: found once for all of them. */
function oursFor(compiled: Compiled): Providers {
  let providers = ours.get(compiled);
  if (!providers) ours.set(compiled, (providers = new Providers({})));
  return providers;
}

async function beginModule(
  platform: Platform,
  core: CompiledCore,
  options: InstanceOptions<unknown, unknown>,
): Promise<Begun> {
  const grants = await grantsOf(platform, options);
  options.signal?.throwIfAborted();
  const life = new Life(platform, options, grants);
  try {
    const { exports } = await core.instantiate(life);
    life.task.assertAlive();
    return { running: running(exports, life), life };
  } catch (error) {
    throw await life.fail(error);
  }
}

function running(exports: RunningInstance["exports"], life: Life): RunningInstance {
  return { exports, stats: life.stats, levels: () => life.levels(), close: () => life.close() };
}

type ImportedFunc = FuncItem & { readonly is: "imported" };

/** What an instance is linked to, as its providers give it. */
class ProvidedHost implements LinkHost {
  readonly handleCount: HandleCount;
  readonly valueBytes: number;
  readonly tasks: number;
  readonly resources: Life["instance"]["resources"];
  readonly #platform: Platform;
  readonly #life: Life;
  readonly #providers: Providers;
  readonly #checks: typeof TypeChecks | undefined;
  #linked: Linked | undefined;

  /** @param checks Missing if there is nothing to be compared. */
  constructor(
    platform: Platform,
    life: Life,
    providers: Providers,
    checks: typeof TypeChecks | undefined,
    copies: CopyBinding | undefined,
  ) {
    this.#checks = checks;
    this.#platform = platform;
    this.#life = life;
    this.#providers = providers;
    const { resources, valueBytes, tasks } = life.world.limits;
    this.handleCount = new HandleCount(resources);
    this.valueBytes = valueBytes;
    this.tasks = tasks;
    this.resources = life.instance.resources;
    this.copies = copies;
  }

  get task(): Life["task"] {
    return this.#life.task;
  }

  readonly copies: CopyBinding | undefined;
  readonly trapped = (error: unknown): void => void this.#life.fail(error);
  readonly suspending = (result: CoreType | undefined): object => this.#life.task.suspending(result);
  readonly unbox = (): unknown => this.#life.task.boxed;
  readonly failed = (): void => {
    this.#life.task.fail();
    this.resources.settle();
  };

  newLease(): Lease | undefined {
    return this.#life.instance.newLease();
  }

  lower(func: ImportedFunc, guest: Guest, lease: Lease | undefined): Ungated | LiftedFunction {
    const provider = this.#providers.of(func.path[0]);
    if (!provider) throw new Error(`${func.path[0]} was there before`);
    if (provider.is === "component") return this.#exported(func, provider.exported);
    const { label, definition } = this.#definition(func, provider);
    return lower(this.#life.instance, label, definition, guest, lease);
  }

  /** A function of ours, or of the embedder's. */
  #definition({ path, type }: ImportedFunc, provider: Exclude<Provider, { readonly is: "component" }>) {
    const [name, member] = path;
    if (provider.is === "host") {
      const label = `${provider.interface.name}#${member ?? ""}`;
      const definition = provider.interface.functions[member ?? ""];
      if (!definition) throw new Error(`${label} was there before`);
      this.#checks?.assertSameType(label, type, definition, (id) => this.#bound(id).type);
      return { label, definition };
    }
    const run = member === undefined ? functionOf(provider.value) : memberFunction(provider.value, member);
    const label = member === undefined ? name : `${name}#${member}`;
    if (!run) throw new Error(`${label} was there before`);
    return { label, definition: jsDefinition(type, run) };
  }

  /** A function that another component exports. */
  #exported({ path, type }: ImportedFunc, { linked, instance }: ExportedInstance): LiftedFunction {
    const item = instance.exports.get(path[1] ?? "");
    if (item?.sort !== "func" || item.func.is !== "lifted") {
      throw new UnsupportedComponentError(`${path.join("#")} of a component that only gives it on`);
    }
    this.#checks?.assertGivenType(
      path,
      type,
      item.func.type,
      (declared, given) => this.#bound(declared).type === linked.binding(given).type,
    );
    return { type: item.func.type, linked, func: item.func };
  }

  callee(func: ImportedFunc): Callee | LiftedFunction {
    const [name] = func.path;
    const provider = this.#providers.of(name);
    const { instance } = this.#life;
    if (!provider) throw new Error(`${name} was there before`);
    if (provider.is === "component") return this.#exported(func, provider.exported);
    const { label, definition } = this.#definition(func, provider);
    if (!asyncRun) throw new Error("Only asynchronous components call so");
    return asyncRun.hostCallee(instance, label, definition, this.trapped);
  }

  bind(id: ResourceId, linked: Linked): ResourceBinding {
    this.#linked = linked;
    const { origin } = linked.compiled.plan.resources[id.slot] ?? {};
    if (origin?.is !== "imported") throw new Error(`The resource type ${id.name} is not imported`);
    const [name, member] = origin.path;
    const provider = this.#providers.of(name);
    switch (provider?.is) {
      case "host": {
        const kind = provider.interface.resources[member ?? ""];
        // One that WASI does not have stands for nothing that a guest could get.
        return kind
          ? hostBinding(kind, this.#life.instance, this.#platform)
          : embedderBinding(id.name, undefined, this.#life.instance);
      }
      case "component": {
        const item = provider.exported.instance.exports.get(member ?? "");
        if (item?.sort === "type" && item.type.is === "resource") {
          return provider.exported.linked.binding(item.type.id);
        }
        throw new UnsupportedComponentError(`a resource type ${id.name} that its provider does not export`);
      }
      case "embedder":
        return embedderBinding(
          id.name,
          member === undefined ? this.#providers.classNamed(name) : classOf(provider.value, member),
          this.#life.instance,
        );
      case undefined:
        return embedderBinding(id.name, undefined, this.#life.instance);
    }
  }

  module(item: ModuleItem & { readonly is: "imported" }): CoreModule {
    const [name, member, ...rest] = item.path;
    const provider = this.#providers.of(name);
    const module = provider && rest.length === 0 ? moduleOf(provider, member) : undefined;
    if (!module) throw new UnsupportedComponentError(`a core module of an import of an import, ${name}`);
    this.#checks?.assertGivenModule(module, item);
    return module;
  }

  #bound(id: ResourceId): ResourceBinding {
    if (!this.#linked) throw new Error("A resource type is used before it is bound");
    return this.#linked.binding(id);
  }
}
