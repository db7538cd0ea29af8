/** What links asynchronous components: a part of the loader that the others have no use for. Loaded when it is needed. */
import type * as Asyncs from "./async-link.ts";
import type { Plan } from "./items.ts";

/** Once for the process: it is code, and holds nothing of an instance's. */
let asyncs: typeof Asyncs | undefined;

/** To be waited for before `asyncLinking` is called. */
export async function loadAsyncs({ isAsync }: Pick<Plan, "isAsync">): Promise<void> {
  if (isAsync) asyncs ??= await import("./async-link.ts");
}

export function asyncLinking(): typeof Asyncs {
  if (!asyncs) throw new Error("An asynchronous component is linked before what links it is loaded");
  return asyncs;
}
