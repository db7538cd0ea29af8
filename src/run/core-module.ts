/** Core modules of WASI preview 1: they run as they are, without a component around them. */
import { messageOf } from "../io/cause.ts";
import { Kind } from "../abi/resources.ts";
import type { P1Host } from "../bind/p1/define.ts";
import { lowerP1 } from "../bind/p1/lower.ts";
import { PREVIEW1, preview1, PREVIEW1_NAMES } from "../bind/p1/preview1.ts";
import { Trap } from "../io/trap.ts";
import type { CoreModule } from "../load/compiled.ts";
import { assertFew } from "../load/decode/core-module.ts";
import { InvalidComponentError } from "../load/invalid-component.ts";
import { encodeGates } from "../wait/gate-code.ts";
import { GateModules } from "../wait/gate.ts";
import { MissingImportsError } from "./missing-imports.ts";
import { grantsOf } from "./grants.ts";
import { running, type Begun } from "./instantiate.ts";
import { Life } from "./life.ts";
import type { InstanceOptions } from "./options.ts";
import type { Platform } from "./platform.ts";

/** What preview 1 was called before it was one. The same names mean other things there. */
const PREVIEW0 = "wasi_unstable";

const FILES: Kind<null> = new Kind("files of preview 1");

/** What it exports; not that itself, which a promise would take for another promise if a function of it is `then`. */
interface GuardedInstance {
  readonly exports: Record<string, unknown>;
}

/** A core module that is ready to be instantiated, any number of times. */
export class CompiledCore {
  readonly module: CoreModule;
  /** Of preview 1, in the order of the module. */
  readonly functions: readonly string[];
  readonly imports: readonly string[];
  readonly exports: readonly string[];
  readonly gates: GateModules = new GateModules(encodeGates);

  constructor(module: CoreModule) {
    this.module = module;
    this.functions = [...new Set(WebAssembly.Module.imports(module).map(({ name }) => name))];
    this.imports = this.functions.length > 0 ? [PREVIEW1] : [];
    this.exports = WebAssembly.Module.exports(module).map(({ name }) => name);
  }

  /** Makes an instance, and initialises it if it is a library ("reactor") that has to be. */
  async begin(platform: Platform, options: InstanceOptions<unknown, unknown>): Promise<Begun> {
    const grants = await grantsOf(platform, options);
    options.signal?.throwIfAborted();
    const life = new Life(platform, options, grants);
    try {
      const { exports } = await instantiateCore(this, life);
      life.task.assertAlive();
      return { running: running(exports, life), life };
    } catch (error) {
      throw await life.fail(error);
    }
  }
}

/** A core module as it is compiled: its tables grow only so far. */
export async function heldCore(bytes: Uint8Array): Promise<Uint8Array> {
  const { withOwnTablesHeld } = await import("../load/held-tables.ts");
  return withOwnTablesHeld(bytes);
}

/** @throws {InvalidComponentError | MissingImportsError} Before anything of it runs. */
export async function compileCore(bytes: Uint8Array): Promise<CompiledCore> {
  const held = await heldCore(bytes);
  let module;
  try {
    module = await WebAssembly.compile(held);
  } catch (cause) {
    const reason = messageOf(cause);
    throw new InvalidComponentError(`The core module cannot be read: ${reason}`, undefined, { cause });
  }
  const imports = WebAssembly.Module.imports(module);
  assertFew(imports.length, "imports");
  assertFew(WebAssembly.Module.exports(module).length, "exports");
  const missing = imports.filter((wanted) => !isProvided(wanted));
  if (missing.length > 0) {
    throw new MissingImportsError(
      missing.map(({ module: from, name }) => `${from}#${name}`),
      `Provided to a core module are the functions of ${PREVIEW1}` +
        (missing.some(({ module: from }) => from === PREVIEW0)
          ? `; ${PREVIEW0} is what came before it: build the program with a toolchain that is newer than 2020`
          : ""),
    );
  }
  return new CompiledCore(module);
}

type ImportedItem = ReturnType<typeof WebAssembly.Module.imports>[number];

function isProvided({ module, name, kind }: ImportedItem): boolean {
  return module === PREVIEW1 && kind === "function" && PREVIEW1_NAMES.has(name);
}

type AsyncFunction = (...args: unknown[]) => Promise<unknown>;

async function instantiateCore(core: CompiledCore, life: Life): Promise<GuardedInstance> {
  const { instance, world, task } = life;
  let memory: { readonly buffer: ArrayBuffer } | undefined;
  let canWait = false;
  const host: P1Host = {
    task,
    tracing: instance.tracing,
    canWait: () => canWait,
    onEnd: (release) => void instance.resources.add(FILES, null, release),
  };
  const functions = preview1(world, host, () => {
    if (!memory) throw new Trap("1.1", `${PREVIEW1}: the module exports no memory, or none before it is instantiated`);
    return memory.buffer;
  });
  const imported = core.functions.flatMap((name) => {
    const definition = functions[name];
    return definition ? [{ name, ungated: lowerP1(`${PREVIEW1}#${name}`, definition, host) }] : [];
  });
  const gated = core.gates.gate(
    imported.map(({ ungated }) => ungated),
    {
      task: task.gate,
      memory: undefined,
      realloc: undefined,
      staging: undefined,
      failed: () => task.fail(),
      mayLeave: new WebAssembly.Global({ value: "i32", mutable: true }, 1),
      refuse: () => {
        throw new Trap("1.1", "a core module allocates nothing for its host");
      },
    },
  );
  const imports = Object.fromEntries(imported.map(({ name }, index) => [name, gated.functions[index]]));
  const { exports } = await WebAssembly.instantiate(core.module, { [PREVIEW1]: imports });
  memory = memoryOf(exports["memory"]);
  canWait = true;
  task.isSync = false;
  const found = guarded(exports, life);
  const initialize = found["_initialize"];
  // Of the functions that are made above.
  if (!("_start" in found) && typeof initialize === "function") await (initialize as AsyncFunction)();
  return { exports: found };
}

/** @throws {InvalidComponentError} For one that threads share: its bytes could change under a call. */
function memoryOf(exported: unknown): { readonly buffer: ArrayBuffer } | undefined {
  if (!(exported instanceof WebAssembly.Memory)) return undefined;
  if (!(exported.buffer instanceof ArrayBuffer)) {
    throw new InvalidComponentError("The memory of the core module is shared between threads, which is not supported");
  }
  return exported;
}

/** Functions as those that may be suspended, of which one runs at a time; memories, tables and globals as they are. */
function guarded(exports: Readonly<Record<string, unknown>>, life: Life): Record<string, unknown> {
  const inTurn = turns(life);
  return Object.fromEntries(
    Object.entries(exports).map(([name, value]) => [
      name,
      // A function of WebAssembly, as it is given to those who call it.
      typeof value === "function" ? inTurn(life.task.promising(value as () => unknown)) : value,
    ]),
  );
}

/** Lets one call of an instance run at a time (1.6). What ends it is the last. */
function turns(life: Life): (fn: AsyncFunction) => AsyncFunction {
  let last: Promise<unknown> = Promise.resolve();
  return (fn) =>
    (...args) => {
      const call = async (): Promise<unknown> => {
        life.task.assertAlive();
        try {
          return await fn(...args);
        } catch (error) {
          throw await life.fail(error);
        }
      };
      const result = last.then(call);
      last = result.catch(() => {});
      return result;
    };
}
