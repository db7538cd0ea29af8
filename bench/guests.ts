import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

/** The path of a guest in test/guests/built. */
export function guestPath(name: string): string {
  return fileURLToPath(new URL(`../test/guests/built/${name}.wasm`, import.meta.url));
}

/** The command, as a user starts it. */
export const command: string = fileURLToPath(new URL("../bin/sluice.js", import.meta.url));

/** How long Node takes with these arguments, from start to end, in milliseconds. Throws if it does not end well. */
export async function millisecondsOf(args: readonly string[]): Promise<number> {
  const start = performance.now();
  const child = spawn(process.execPath, args, { stdio: "ignore" });
  const code = await new Promise((resolve) => child.on("close", resolve));
  if (code !== 0) throw new Error(`${args.join(" ")} ended with ${String(code)}`);
  return performance.now() - start;
}
