import type { CopyBinding, Guest, ResourceBinding } from "../abi/guest.ts";
import { HandleCount } from "../abi/handles.ts";
import { Kind } from "../abi/resources.ts";
import type { FuncType, ResourceId } from "../abi/types.ts";
import type { Definition, Interface } from "../bind/definition.ts";
import { loadInterfaces } from "../bind/interfaces.ts";
import { lower } from "../bind/lower.ts";
import type { FuncItem, ImportPath, ModuleItem } from "../load/plan/items.ts";
import { fusing } from "../load/parts.ts";
import { Part } from "../io/part.ts";
import { UnsupportedComponentError } from "../load/unsupported.ts";
import { Linked, type LiftedFunction, type LinkHost } from "../load/link/link.ts";
import { Compiled, type CoreModule } from "../load/compiled.ts";
import type { Callee } from "../wait/callee.ts";
import type { Ungated } from "../wait/gate.ts";
import type { Lease } from "../wait/lease.ts";
import { assertWaits } from "../wait/suspension.ts";
import type { AsyncCalls } from "./embed/async-calls.ts";
import { BareCalls, bareExports, bareResource, isBare } from "./bare.ts";
import type { Calling, Calls } from "./calls.ts";
import { grantsOf } from "./grants.ts";
import { checkedOptions } from "./check-options.ts";
import type { CompiledComponent } from "./component.ts";
import type * as Embeddings from "./embed/embedding.ts";
import type { EmbedderImport } from "./embed/given-imports.ts";
import type * as TypeChecks from "./type-checks.ts";
import { HostProviders, type HostImport, type Imports, type Providers } from "./imports.ts";
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
  return (await begin(platform, component, await checkedOptions(options))).running;
}

/** An instance, and its life for who gives it more than its options say. */
export interface Begun {
  readonly running: RunningInstance;
  readonly life: Life;
  /** Missing for a core module. */
  readonly linked?: Linked;
  /** The way into it. Missing for a core module. */
  readonly calls?: AsyncCalls | Calls;
}

/** As `instantiate`, with options that make sense. */
export async function begin(
  platform: Platform,
  { compiled, checks: known }: CompiledComponent,
  options: InstanceOptions<unknown, unknown>,
): Promise<Begun> {
  if (options.syncExports !== true) assertWaits(platform.loop.parking);
  options.signal?.throwIfAborted();
  if (!(compiled instanceof Compiled)) return compiled.begin(platform, options);
  const providers = await providersFor(compiled, options.imports, known);
  const isAlone = isBare(compiled.plan) && providers instanceof HostProviders;
  const embeddings = isAlone ? undefined : await embedding.load();
  // Streams are among the values that pass there.
  if (embeddings) await platform.streams?.load();
  if (providers.haveComponents) await fusing.load();
  const checks = needsChecks(compiled, providers) ? (known ?? (await loadChecks())) : undefined;
  const grants = await grantsOf(platform, options);
  options.signal?.throwIfAborted();
  const life = new Life(platform, options, grants);
  try {
    const embedded = embeddings && new embeddings.Embedding(platform, life, providers);
    if (compiled.plan.isAsync && options.syncExports === true) {
      throw new TypeError("syncExports is for components without asynchronous functions: this one has some");
    }
    const asyncs = compiled.plan.isAsync ? (asyncRun ??= await loadAsyncRun()) : undefined;
    const copies = asyncs && new asyncs.JsCopies(platform, life, () => linked.concurrency.same);
    const host = new ProvidedHost(life, providers, { checks, copies, embedded });
    const linked: Linked = new Linked(compiled, host, (type) => embedded?.definedResource(type) ?? bareResource(type));
    const asyncCalls = asyncs && new asyncs.AsyncCalls(linked, life, options.deadlock === "trap");
    const calling: Calling = { isSync: options.syncExports === true, waitsElsewhere: providers.haveComponents };
    const calls = asyncCalls ?? embedded?.callsOf(linked, calling) ?? new BareCalls(linked, life, calling);
    life.onEnd = (reason) => {
      life.instance.faults.push(...linked.end(reason));
      calls.abandon(reason);
    };
    await linked.run();
    life.task.isSync = options.syncExports === true;
    // What ends it may have come while large modules were instantiated.
    life.task.assertAlive();
    compiled.isChecked ||= Object.keys(options.imports ?? {}).length === 0;
    const exports = embedded?.exportsOf(linked, asyncCalls) ?? bareExports(linked, calls);
    return { running: running(exports, life), life, linked, calls };
  } catch (error) {
    throw await life.fail(error);
  }
}

/** Those of a component that was not compiled here. */
function loadChecks(): Promise<typeof TypeChecks> {
  return import("./type-checks.ts");
}

/** Whether types have to be compared: those of our own interfaces once, others each time. */
function needsChecks({ isChecked, importedModules }: Compiled, { haveComponents }: Providers): boolean {
  return !isChecked || haveComponents || importedModules.length > 0;
}

/** What asynchronous components need here, and others have no use for. */
async function loadAsyncRun() {
  const [{ AsyncCalls }, { JsCopies }, { hostCallee }] = await Promise.all([
    import("./embed/async-calls.ts"),
    import("./embed/js-streams.ts"),
    import("../bind/callee.ts"),
  ]);
  return { AsyncCalls, JsCopies, hostCallee };
}

/** Once for the process: it is code, and holds nothing of an instance's. */
let asyncRun: Awaited<ReturnType<typeof loadAsyncRun>> | undefined;

/** What passes between instances and JavaScript. */
const embedding: Part<typeof Embeddings> = new Part(() => import("./embed/embedding.ts"));

/**
 * Who provides what a component imports.
 *
 * @param known As `CompiledComponent.checks`.
 * @throws {MissingImportsError} If nobody does.
 * @throws {UnsupportedComponentError} If it cannot be instantiated whoever does.
 */
export async function providersFor(
  compiled: Compiled,
  imports: Imports = {},
  known?: typeof TypeChecks,
): Promise<Providers> {
  // Those of a component that has been looked into are there.
  if (!compiled.isChecked) await loadInterfaces(compiled.plan.imports.keys());
  const isOurs = Object.keys(imports).length === 0;
  const providers = isOurs ? oursFor(compiled) : (await embedding.load()).providersOf(imports);
  if (!isOurs || !compiled.isChecked) (known ?? (await loadChecks())).assertComplete(compiled.plan, providers);
  if (compiled.plan.unsupported !== undefined) throw new UnsupportedComponentError(compiled.plan.unsupported);
  return providers;
}

const ours = new WeakMap<Compiled, HostProviders>();

/** Who provides what a component imports to those instances that are given nothing: found once for all of them. */
function oursFor(compiled: Compiled): HostProviders {
  let providers = ours.get(compiled);
  if (!providers) ours.set(compiled, (providers = new HostProviders()));
  return providers;
}

/** What an embedder has of an instance. */
export function running(exports: RunningInstance["exports"], life: Life): RunningInstance {
  return { exports, stats: life.stats, levels: () => life.levels(), close: () => life.close() };
}

type ImportedFunc = FuncItem & { readonly is: "imported" };

/** What not every instance is linked by. */
interface HostParts {
  /** Missing if there is nothing to be compared. */
  readonly checks: typeof TypeChecks | undefined;
  /** Of an asynchronous component. */
  readonly copies: CopyBinding | undefined;
  /** Missing for a component that takes and gives no values. */
  readonly embedded: Embeddings.Embedding | undefined;
}

/** What an instance is linked to, as its providers give it. */
class ProvidedHost implements LinkHost {
  readonly handleCount: HandleCount;
  readonly valueBytes: number;
  readonly tasks: number;
  readonly resources: Life["instance"]["resources"];
  readonly copies: CopyBinding | undefined;
  readonly #life: Life;
  readonly #providers: Providers;
  readonly #checks: HostParts["checks"];
  readonly #embedded: HostParts["embedded"];
  #linked: Linked | undefined;

  constructor(life: Life, providers: Providers, { checks, copies, embedded }: HostParts) {
    this.#life = life;
    this.#providers = providers;
    this.#checks = checks;
    this.#embedded = embedded;
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

  readonly trapped = (error: unknown): void => void this.#life.fail(error);
  readonly failed = (): void => {
    this.#life.task.fail();
    this.resources.settle();
  };

  newLease(): Lease | undefined {
    return this.#life.instance.newLease();
  }

  lower(func: ImportedFunc, guest: Guest, lease: Lease | undefined): Ungated | LiftedFunction {
    const found = this.#find(func);
    if ("linked" in found) return found;
    return lower(this.#life.instance, found.label, found.definition, guest, lease);
  }

  callee(func: ImportedFunc): Callee | LiftedFunction {
    const found = this.#find(func);
    if ("linked" in found) return found;
    if (!asyncRun) throw new Error("Only asynchronous components call so");
    return asyncRun.hostCallee(this.#life.instance, found.label, found.definition, this.trapped);
  }

  /** The function that is imported: of another component, of ours, or of the embedder's. */
  #find({ path, type }: ImportedFunc): LiftedFunction | { readonly label: string; readonly definition: Definition } {
    const provider = this.#providers.of(path[0]);
    if (!provider) throw new Error(`${path[0]} was there before`);
    if (provider.is !== "component")
      return { label: labelOf(provider, path), definition: this.#definition(provider, path, type) };
    const given = provider.function(path);
    this.#checks?.assertGivenType(
      path,
      type,
      given.type,
      (declared, theirs) => this.#bound(declared).type === given.linked.binding(theirs).type,
    );
    return given;
  }

  #definition(provider: HostImport | EmbedderImport, path: ImportPath, type: FuncType): Definition {
    if (provider.is === "embedder") return provider.definition(path, type);
    const label = labelOf(provider, path);
    const definition = provider.interface.functions[path[1] ?? ""];
    if (!definition) throw new Error(`${label} was there before`);
    this.#checks?.assertSameType(label, type, definition, (id) => this.#bound(id).type);
    return definition;
  }

  bind(id: ResourceId, linked: Linked): ResourceBinding {
    this.#linked = linked;
    const { origin } = linked.compiled.plan.resources[id.slot] ?? {};
    if (origin?.is !== "imported") throw new Error(`The resource type ${id.name} is not imported`);
    const [name, member] = origin.path;
    const provider = this.#providers.of(name);
    const embedded = this.#embedded;
    if (provider?.is === "component") return provider.resource(id, member);
    if (provider?.is === "embedder") return provider.resource(id, member, this.#life.instance);
    const kind = provider?.interface.resources[member ?? ""];
    if (kind) return embedded?.hostResource(kind) ?? bareResource(kind);
    // One that WASI does not have stands for nothing that a guest could get.
    return embedded?.unknownResource(id) ?? bareResource(new Kind(id.name));
  }

  module(item: ModuleItem & { readonly is: "imported" }): CoreModule {
    const [name, member, ...rest] = item.path;
    const provider = this.#providers.of(name);
    const module = provider && provider.is !== "host" && rest.length === 0 ? provider.module(member) : undefined;
    if (!module) throw new UnsupportedComponentError(`a core module of an import of an import, ${name}`);
    this.#checks?.assertGivenModule(module, item);
    return module;
  }

  #bound(id: ResourceId): ResourceBinding {
    if (!this.#linked) throw new Error("A resource type is used before it is bound");
    return this.#linked.binding(id);
  }
}

/** What a function is called in messages and traces. */
function labelOf(provider: HostImport | EmbedderImport, [name, member]: ImportPath): string {
  if (provider.is === "host") return hostLabel(provider.interface, member ?? "");
  return member === undefined ? name : `${name}#${member}`;
}

const hostLabels = new WeakMap<Interface, Map<string, string>>();

/** Of a function of ours: each instance that imports it has the same text. */
function hostLabel(known: Interface, member: string): string {
  let labels = hostLabels.get(known);
  if (!labels) hostLabels.set(known, (labels = new Map()));
  let label = labels.get(member);
  if (label === undefined) labels.set(member, (label = `${known.name}#${member}`));
  return label;
}
