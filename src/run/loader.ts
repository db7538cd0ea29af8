import type * as Compile from "./compile.ts";

/** What makes bytes ready, asked for at once: what a module imports a browser sees only when that has come. */
export async function loader(): Promise<typeof Compile> {
  const parts = [import("./type-checks.ts"), import("../abi/type-facts.ts")];
  const [made] = await Promise.all([import("./compile.ts"), ...parts]);
  return made;
}
