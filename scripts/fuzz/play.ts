/** What becomes of a component, from its bytes to calls of all that it exports; and whether that may be. */
import { setImmediate as turn } from "node:timers/promises";
import { camelCase, pascalCase } from "../../src/abi/names.ts";
import { memberOf } from "../../src/abi/members.ts";
import type { ValType } from "../../src/abi/types.ts";
import { nodePlatform } from "../../src/hosts/node/platform.ts";
import { WitError } from "../../src/io/errors.ts";
import { compileComponent } from "../../src/load/compile.ts";
import { type Compiled } from "../../src/load/compiled.ts";
import type { InstanceItem } from "../../src/load/plan/items.ts";
import { UnsupportedComponentError } from "../../src/load/unsupported.ts";
import { InvalidComponentError } from "../../src/load/invalid-component.ts";
import { CompiledComponent } from "../../src/run/component.ts";
import { MissingImportsError } from "../../src/run/missing-imports.ts";
import { instantiate, type RunningInstance } from "../../src/run/instantiate.ts";
import { Values } from "./generate.ts";
import type { Random } from "../random.ts";
import { ERROR_CASE, Stubs } from "./stubs.ts";

/** How far a component came, in order. */
export const STAGES = ["load", "instantiate", "call", "close"] as const;
export type Stage = (typeof STAGES)[number];

/** How it ended: one word for what may be. */
export interface Outcome {
  readonly stage: Stage;
  /** `undefined` for what may not be. */
  readonly allowed: string | undefined;
  readonly error?: unknown;
  /** Calls that gave a value, and calls that trapped. */
  readonly returned: number;
  readonly trapped: number;
}

export interface Player {
  /** Told before each stage begins. */
  readonly enter: (stage: Stage) => void;
  /** Whether code of a module is known to come to an end, or is not to be run. */
  readonly isTame: (module: Uint8Array) => boolean;
}

/** Calls of one component. */
const MOST_CALLS = 40;

export async function play(bytes: Uint8Array, random: Random, { enter, isTame }: Player): Promise<Outcome> {
  enter("load");
  let compiled: Compiled;
  try {
    compiled = await compileComponent(bytes);
  } catch (error) {
    return { stage: "load", allowed: refusal(error), error, returned: 0, trapped: 0 };
  }
  if (!compiled.plan.modules.every(isTame)) {
    return { stage: "load", allowed: "loaded, with core modules that may run forever", returned: 0, trapped: 0 };
  }
  enter("instantiate");
  let instance: RunningInstance;
  try {
    instance = await instantiate(nodePlatform, new CompiledComponent(compiled), {
      syncExports: !compiled.plan.isAsync,
      imports: new Stubs(random).of(compiled.plan),
    });
  } catch (error) {
    const allowed = refusal(error) ?? trapOf(error) ?? exhaustion(error);
    return { stage: "instantiate", allowed, error, returned: 0, trapped: 0 };
  }
  enter("call");
  const caller = new Caller(random);
  try {
    caller.callAll(instance.exports, compiled.plan.exports);
  } catch (error) {
    return { stage: "call", allowed: undefined, error, returned: caller.returned, trapped: caller.trapped };
  }
  enter("close");
  try {
    await turn();
    await instance.close();
    await caller.settled();
  } catch (error) {
    return { stage: "close", allowed: undefined, error, returned: 0, trapped: 0 };
  }
  return { stage: "close", allowed: "ran", returned: caller.returned, trapped: caller.trapped };
}

function refusal(error: unknown): string | undefined {
  if (error instanceof InvalidComponentError) return "invalid";
  if (error instanceof UnsupportedComponentError) return "unsupported";
  return error instanceof MissingImportsError ? "imports are missing" : undefined;
}

function trapOf(error: unknown): string | undefined {
  return error instanceof WebAssembly.RuntimeError ? "trapped" : undefined;
}

/** What the engine has not got: a memory as large as the component wants. */
function exhaustion(error: unknown): string | undefined {
  return error instanceof RangeError && /WebAssembly\.Instance\(\).*[Mm]emory/.test(error.message)
    ? "out of memory"
    : undefined;
}

/** What wrong arguments, and wrong results of imports, are told; none but resources are ever wrong here. */
const DOCUMENTED =
  /a resource|has no constructor|exports again|given away|Class constructor|without 'new'|is lent|no resource|must be "inherit"/;

class Caller {
  readonly #random: Random;
  /** Resources that calls have given. */
  readonly #pool: object[] = [];
  /** Of asynchronous functions. */
  readonly #calls: Promise<void>[] = [];
  returned = 0;
  trapped = 0;
  #left = MOST_CALLS;

  constructor(random: Random) {
    this.#random = random;
  }

  /** @throws What no call may throw. */
  callAll(exports: Readonly<Record<string, unknown>>, items: InstanceItem["exports"]): void {
    for (const [name, item] of items) {
      if (item.sort === "instance") {
        const inner = exports[name];
        if (typeof inner !== "object" || inner === null) throw new Error(`The interface ${name} is not there`);
        this.callAll(inner as Readonly<Record<string, unknown>>, item.instance.exports);
      }
      if (item.sort !== "func" || this.#left-- <= 0) continue;
      const { params } = item.func.type;
      this.#call(
        () => this.#target(exports, name, items),
        params.map(({ type }) => type),
      );
    }
  }

  #call(target: () => (...args: unknown[]) => unknown, types: readonly ValType[]): void {
    const call = target();
    try {
      const args = types.map((type) => new Values(this.#random, () => this.#resource(), 200).of(type));
      const result = call(...args);
      if (result instanceof Promise) {
        // A call that waits when the instance is closed is told so.
        const kept = result.then(this.#keep, (error: unknown) => {
          if (!(error instanceof Error && error.message === "the instance is closed")) this.#failed(error);
        });
        // It is told of by settled().
        kept.catch(() => {});
        this.#calls.push(kept);
      } else this.#keep(result);
    } catch (error) {
      this.#failed(error);
    }
  }

  readonly #failed = (error: unknown): void => {
    if (error instanceof WebAssembly.RuntimeError) this.trapped++;
    else if (error instanceof RangeError && error.message === "A value is too large to be made up") return;
    else if (error instanceof TypeError && DOCUMENTED.test(error.message)) return;
    // An import that is exported again is the function of ours that throws.
    else if (!(error instanceof WitError || (error instanceof Error && error.message === ERROR_CASE))) throw error;
  };

  /** Once the instance is closed, every call has come to an end. @throws What no call may throw. */
  async settled(): Promise<void> {
    await Promise.all(this.#calls);
  }

  #target(exports: Readonly<Record<string, unknown>>, name: string, items: InstanceItem["exports"]) {
    const member = memberOf(name);
    const key = camelCase(member ? member.name : name);
    const isClass = member && items.get(member.resource)?.sort === "type";
    if (!isClass) {
      const found = exports[key === "then" ? "then_" : key];
      // What has no class of its own is not exported.
      if (typeof found === "function") return found as (...args: unknown[]) => unknown;
      if (member) return () => undefined;
      throw new Error(`The function ${name} is not there`);
    }
    const owner = exports[pascalCase(member.resource)];
    if (typeof owner !== "function") return () => undefined;
    if (member.form === "constructor")
      return (...args: unknown[]): unknown => Reflect.construct(owner, args) as unknown;
    const holder: unknown = member.form === "static" ? owner : owner.prototype;
    const found: unknown = Reflect.get(holder as object, key === "prototype" ? "prototype_" : key);
    if (typeof found !== "function") throw new Error(`The function ${name} is not there`);
    return (...args: unknown[]): unknown =>
      member.form === "static" ? found.apply(owner, args) : found.apply(args[0], args.slice(1));
  }

  readonly #keep = (value: unknown): void => {
    this.returned++;
    if (typeof value === "object" && value !== null && Symbol.dispose in value) this.#pool.push(value);
  };

  #resource(): unknown {
    return this.#pool.length > 0 && !this.#random.once(4) ? this.#random.of(this.#pool) : {};
  }
}
