/** What links only some components. */
import type * as Asyncs from "./async/link.ts";
import type * as Drops from "./link/drops.ts";
import type * as Fused from "./link/fused.ts";
import type { Plan } from "./plan/items.ts";
import { otherTexts } from "../abi/text.ts";
import { Part } from "../io/part.ts";

/** Links asynchronous components. */
export const asyncs: Part<typeof Asyncs> = new Part(() => import("./async/link.ts"));
/** Makes calls between components. */
export const fusing: Part<typeof Fused> = new Part(() => import("./link/fused.ts"));
/** Drops resources that have destructors of components. */
export const drops: Part<typeof Drops> = new Part(() => import("./link/drops.ts"));

/** Whether components in it call each other. */
function needsFusing({ trampolines }: Plan): boolean {
  return trampolines.some((trampoline) => trampoline.is === "lower" && trampoline.func.is === "lifted");
}

/** Loads what a component needs. To be waited for before it is linked. */
export async function loadParts(plan: Plan): Promise<void> {
  if (needsFusing(plan)) await fusing.load();
  if (plan.isAsync) await asyncs.load();
  if (plan.hasOtherTexts) await otherTexts.load();
  if (plan.resources.some(({ origin }) => origin.is === "defined" && origin.destructor)) await drops.load();
}
