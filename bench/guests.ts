import { fileURLToPath } from "node:url";

/** The path of a guest in test/guests/built. */
export function guestPath(name: string): string {
  return fileURLToPath(new URL(`../test/guests/built/${name}.wasm`, import.meta.url));
}

/** The command, as a user starts it. */
export const command: string = fileURLToPath(new URL("../bin/sluice.js", import.meta.url));
