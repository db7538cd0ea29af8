/** `wasi:random` 0.3, as a guest calls it: the functions of 0.2, one under another name. */
import { defineInterface, type Interface } from "../definition.ts";
import * as p2 from "../random.ts";

/** @see WASI 0.3 `wasi:random/insecure-seed` */
export const insecureSeed: Interface = defineInterface("wasi:random/insecure-seed", () => {
  const seed = p2.insecureSeed.functions["insecure-seed"];
  return seed ? { "get-insecure-seed": seed } : {};
});

/** What is as it was in WASI 0.2. */
export const SAME: readonly Interface[] = [p2.random, p2.insecure];
