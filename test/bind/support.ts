import { SharedFuture, SharedStream } from "../../src/abi/copy.ts";
import { codecOf } from "../../src/abi/codec.ts";
import { elementOf } from "../../src/abi/element.ts";
import { giveReadable } from "../../src/abi/ends.ts";
import { Guest } from "../../src/abi/guest.ts";
import { HandleCount, HandleTable, type ResourceType } from "../../src/abi/handles.ts";
import type { ValType } from "../../src/abi/types.ts";
import { hostCallee } from "../../src/bind/callee.ts";
import type { Definition } from "../../src/bind/definition.ts";
import { Instance } from "../../src/bind/instance.ts";
import { INTERFACES, loadedP3, loadInterfaces } from "../../src/bind/interfaces.ts";
import { lower } from "../../src/bind/lower.ts";
import { tracingOf } from "../../src/bind/tracing.ts";
import { nodePlatform } from "../../src/hosts/node/platform.ts";
import type { Input, Output } from "../../src/index.ts";
import { Trap } from "../../src/io/trap.ts";
import { lowerAsync, type LowerSite } from "../../src/load/async/lower.ts";
import { ExitError } from "../../src/run/life.ts";
import type { Grants } from "../../src/run/grants.ts";
import type { InstanceOptions } from "../../src/run/options.ts";
import { makeWorld } from "../../src/run/world.ts";
import { encodeGates } from "../../src/wait/gate-code.ts";
import { GateModules, type Gated, type Ungated } from "../../src/wait/gate.ts";
import type { Lease } from "../../src/wait/lease.ts";
import { Store } from "../../src/wait/store.ts";
import { Task, type Loop } from "../../src/wait/task.ts";
import { ThreadGroup } from "../../src/wait/threads.ts";
import type { World } from "../../src/wasi/world.ts";

await loadInterfaces(INTERFACES.keys());
await loadInterfaces(["wasi:sockets/types@0.3.0", "wasi:http/types@0.3.0"]);

/** A core function that a guest is given. */
export type Lowered = (...args: unknown[]) => unknown;

/** A gated function as it may be suspended. */
export function promising(fn: Lowered | undefined): (...args: unknown[]) => Promise<unknown> {
  if (!fn) throw new Error("There is no such function");
  // What is gated is a function of WebAssembly.
  return (WebAssembly as unknown as { promising(f: Lowered): (...args: unknown[]) => Promise<unknown> }).promising(fn);
}

/** Those of all guests here: they are given the same functions. */
const modules = new GateModules(encodeGates);

/** Those of WASI 0.3, by `wasi:cli/stdin#read-via-stream`. */
export const P3_DEFINITIONS: readonly (readonly [name: string, definition: Definition])[] = [
  ...loadedP3.values(),
].flatMap(({ name, functions }) =>
  Object.entries(functions).map(([member, definition]) => [`${name}#${member}`, definition] as const),
);

/** A guest without a component: memory, an allocator, handles, and every function of every interface, lowered and gated. */
export class BareGuest {
  readonly memory = new WebAssembly.Memory({ initial: 1 });
  readonly instance: Instance;
  readonly world: World;
  readonly handles: HandleTable;
  readonly mayLeave = new WebAssembly.Global({ value: "i32", mutable: true }, 1);
  readonly #lease: Lease | undefined;
  readonly #guest: Guest;
  /** The allocator never frees; where it begins is far from what tests use by hand. */
  #top = 32 * 1024;

  constructor(
    options: InstanceOptions<Input, Output> = {},
    leases = true,
    loop: Loop = nodePlatform.loop,
    grants: Grants = {},
  ) {
    const { monotonicClock, wallClock } = options;
    const exit = (code: number): never => {
      throw new ExitError(code);
    };
    this.world = makeWorld(nodePlatform, options, exit, { monotonicClock, wallClock, ...grants });
    this.instance = new Instance(this.world, new Task(loop), {
      tracing: options.trace && tracingOf(options.trace),
      leases,
    });
    this.#lease = this.instance.newLease();
    this.handles = new HandleTable(new HandleCount(this.world.limits.resources), this.#lease);
    const { memory, handles } = this;
    const { resources } = this.instance;
    const { valueBytes } = this.world.limits;
    const realloc = this.#gate([]).realloc as (...args: number[]) => number;
    this.#guest = new Guest({ memory, realloc, encoding: "utf8", handles, resources, valueBytes });
  }

  get view(): DataView {
    return new DataView(this.memory.buffer);
  }

  /** @param name By WIT's names, such as `wasi:io/streams`, `[method]output-stream.check-write`. */
  lower(interfaceName: string, name: string): Lowered {
    const [made] = this.#gate([this.#ungated(interfaceName, name)]).functions;
    return made as Lowered;
  }

  /** Any function, such as an embedder's. */
  lowerDefinition(name: string, definition: Definition): Lowered {
    const [made] = this.#gate([lower(this.instance, name, definition, this.#guest, this.#lease)]).functions;
    return made as Lowered;
  }

  /** Every function of every interface, by `wasi:io/poll#poll`. */
  lowerAll(): Map<string, Lowered> {
    const names = [...INTERFACES.values()].flatMap(({ name, functions }) =>
      Object.keys(functions).map((member) => [name, member] as const),
    );
    const { functions } = this.#gate(names.map(([name, member]) => this.#ungated(name, member)));
    return new Map(names.map((name, index) => [name.join("#"), functions[index] as Lowered]));
  }

  /**
   * Every function of every interface of WASI 0.3, by `wasi:cli/stdin#read-via-stream`: as a guest calls it that waits until
   * it has returned, and under `wasi:cli/stdin#read-via-stream async` as one that is told how far it has come.
   *
   * @param fail Told of what ends the guest while nobody calls it.
   */
  lowerP3(fail: (error: unknown) => void = () => {}): Map<string, Lowered> {
    const { task } = this.instance;
    const store = new Store(task, this.world.limits.tasks);
    const group = new ThreadGroup(store, { mayEnter: { value: 1 } }, undefined);
    const site: LowerSite = { guest: this.#guest, group, task, cost: 16 };
    const all = P3_DEFINITIONS.flatMap(([name, definition]) => [
      [name, lower(this.instance, name, definition, this.#guest, this.#lease)] as const,
      [`${name} async`, lowerAsync(hostCallee(this.instance, name, definition, fail), site)] as const,
    ]);
    const { functions } = this.#gate(all.map(([, ungated]) => ungated));
    return new Map(all.map(([name], index) => [name, functions[index] as Lowered]));
  }

  /** A stream or future to read, which nobody writes to. */
  readable(type: ValType & { readonly kind: "stream" | "future" }): number {
    const Shape = type.kind === "stream" ? SharedStream : SharedFuture;
    return giveReadable(this.#guest, new Shape(elementOf(type.element && codecOf(type.element))), type);
  }

  /** Memory of the guest's own. @throws {WebAssembly.RuntimeError} If there is no more. */
  allocate(align: number, size: number): number {
    return this.#allocate(align, size);
  }

  /** Forgets all that was allocated. */
  free(): void {
    this.#top = 32 * 1024;
  }

  /** What a guest does with a handle that it needs no more. */
  drop(type: ResourceType, handle: number): void {
    this.instance.resources.settle();
    this.handles.drop(type, handle >>> 0);
  }

  #ungated(interfaceName: string, name: string): Ungated {
    const definition = INTERFACES.get(interfaceName)?.functions[name];
    if (!definition) throw new Error(`There is no function ${interfaceName}#${name}`);
    return lower(this.instance, `${interfaceName}#${name}`, definition, this.#guest, this.#lease);
  }

  #gate(functions: readonly Ungated[]): Gated {
    const { task } = this.instance;
    return modules.gate(functions, {
      task: task.gate,
      memory: this.memory,
      realloc: (_old: number, _oldSize: number, align: number, size: number) => this.#allocate(align, size),
      staging: this.#lease?.staging(this.memory),
      mayLeave: this.mayLeave,
      refuse: () => {
        throw new Trap("1.1", "the guest is over: its allocator has trapped");
      },
      // A bare guest goes on after a trap, so that one can be tried after another.
      failed: () => {},
    });
  }

  #allocate(align: number, size: number): number {
    const at = (this.#top + align - 1) & ~(align - 1);
    if (at + size > this.memory.buffer.byteLength) throw new WebAssembly.RuntimeError("the guest is out of memory");
    this.#top = at + size;
    return at;
  }
}
