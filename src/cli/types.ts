/** `sluice types`: declarations of TypeScript for a component. */
import { types } from "../run/inspect.ts";
import type { Command } from "./command.ts";
import { readComponent } from "./read.ts";
import { reportRun } from "./run-failure.ts";
import { print } from "./write.ts";

/** Prints them, or tells what is wrong; gives the exit code. */
export function printTypes({ path }: Command & { readonly name: "types" }): number {
  try {
    print(types(readComponent(path)));
    return 0;
  } catch (error) {
    return reportRun(error, path);
  }
}
