import type { Options } from "./items.ts";

/** See `CallForm.optionsKey`. That of options without a memory is the beginning of that with one. */
export function optionsKey({ encoding, memory }: Options): string {
  return `${encoding} ${memory?.is === "export" ? `${memory.instance.index} ${memory.name}` : ""}`;
}
