import { canSuspend } from "../../wait/suspension.ts";

/** What an isolated instance has, for messages: where every instance is isolated nobody has asked for that. */
export function ownThread(): string {
  return `a thread of its own${canSuspend() ? "" : ", as each has where WebAssembly cannot be suspended (before Node 24)"}`;
}
