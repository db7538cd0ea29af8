/**
 * Components that take and give no values, as most commands do: they are called, and that is all. They need nothing of
 * `Embedding`, which is a sixth of what a page would load to run one.
 */
import type { ResourceBinding } from "../abi/guest.ts";
import type { ResourceType } from "../abi/handles.ts";
import { exportedKey } from "../abi/names.ts";
import { FlatValues, type CoreValue } from "../abi/type.ts";
import { resultValue } from "../abi/variants.ts";
import { WitError } from "../io/errors.ts";
import type { Item, Plan } from "../load/plan/items.ts";
import type { Linked } from "../load/link/link.ts";
import type { CoreFunction } from "../wait/gate.ts";
import { Calls, type Lifted, type LiftedItem } from "./calls.ts";
import type { ExportedFunction } from "./embed/exports.ts";
import { rememberExport } from "./imports.ts";
import type { Life } from "./life.ts";

/** Whether all that a component exports are interfaces of functions without parameters that give at most `result`. */
export function isBare({ exports, isAsync }: Plan): boolean {
  return (
    !isAsync &&
    [...exports.values()].every(
      (item) => item.sort === "instance" && [...item.instance.exports.values()].every(isBareFunction),
    )
  );
}

function isBareFunction(item: Item): boolean {
  if (item.sort !== "func" || item.func.is !== "lifted") return false;
  const { params, result } = item.func.type;
  return params.length === 0 && (!result || (result.kind === "result" && !result.ok && !result.err));
}

/** What such a component exports, as `Exports` gives it. */
export function bareExports(linked: Linked, calls: Pick<Calls, "function">): Record<string, unknown> {
  const { exports } = linked.compiled.plan;
  const all: Record<string, unknown> = {};
  for (const [name, item] of exports) {
    if (item.sort !== "instance") continue;
    const members: Record<string, unknown> = {};
    for (const [member, one] of item.instance.exports) {
      if (one.sort === "func" && one.func.is === "lifted")
        members[exportedKey(member)] = calls.function(`${name}#${member}`, one.func);
    }
    rememberExport(members, { linked, instance: item.instance });
    all[name] = members;
  }
  rememberExport(all, { linked, instance: { exports } });
  return all;
}

const bareResult = resultValue(null, null);

/** One of its functions. */
class BareFunction implements Lifted {
  readonly core: CoreFunction;
  readonly hasFailed = false;
  readonly #func: LiftedItem;
  readonly #linked: Linked;
  readonly #task: Life["task"];
  readonly #name: string;

  constructor(name: string, func: LiftedItem, linked: Linked, task: Life["task"]) {
    this.#name = name;
    this.core = linked.coreFunction(func.core);
    this.#func = func;
    this.#linked = linked;
    this.#task = task;
  }

  get promising(): Lifted["promising"] {
    return this.#task.promising(this.core);
  }

  lower(): CoreValue[] {
    return [];
  }

  // Nothing is lent to it.
  endScope(): void {}

  lift(result: unknown): unknown {
    const { type, options, instance } = this.#func;
    const results = type.result ? [result] : [];
    const value = type.result && bareResult.lift(this.#linked.guest(options, instance), new FlatValues(results));
    cleanUp(this.#linked, this.#func, results);
    return value;
  }

  returned(value: unknown): unknown {
    // A result is `{ tag, val }`.
    if ((value as { readonly tag: string } | undefined)?.tag === "err")
      throw new WitError(undefined, `${this.#name} failed`);
    return undefined;
  }
}

export class BareCalls extends Calls {
  function(name: string, func: LiftedItem): ExportedFunction {
    return this.general(new BareFunction(name, func, this.linked, this.life.task));
  }
}

/** After a call: the guest, which may call nobody meanwhile, cleans up. @param results What the call gave. */
export function cleanUp(linked: Linked, { options, instance }: LiftedItem, results: readonly unknown[]): void {
  if (!options.postReturn) return;
  const { mayLeave } = linked.instance(instance);
  mayLeave.value = 0;
  linked.coreFunction(options.postReturn)(...(results as never[]));
  mayLeave.value = 1;
}

/** What stands for a resource type: it is passed from guest to guest, and no further. */
export function bareResource(type: ResourceType): ResourceBinding {
  return { type, toJs: passedOn, fromJs: passedOn, restore: passedOn };
}

function passedOn(): never {
  throw new Error("A resource passes to JavaScript, which takes and gives none");
}
