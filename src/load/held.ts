/** Core modules as they are compiled. */
import type { Plan } from "./plan/items.ts";

/** A plan with modules whose tables grow only so far. */
export async function heldPlan(plan: Plan): Promise<Plan> {
  const growing = plan.steps.reduce((sum, { module }) => sum + (module.type?.growing ?? 0), 0);
  // Few components have any: what holds them is loaded then.
  if (growing === 0) return plan;
  const { withHeldTables } = await import("./held-tables.ts");
  return { ...plan, modules: plan.modules.map((module) => withHeldTables(module, growing)) };
}
