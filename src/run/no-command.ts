import { quoted } from "../io/quoted.ts";
import { NotACommandError } from "./run.ts";

/** Tells what was to be run what it is instead. @throws {NotACommandError} */
export function refuse(exports: Readonly<Record<string, unknown>>): never {
  throw new NotACommandError(
    `The component is no command: expected an export wasi:cli/run@0.2.x or @0.3.x, got ${Object.keys(exports).map(shown).join(", ") || "none"}; ` +
      "of a core module, _start" +
      (Object.keys(exports).some((name) => /^wasi:http\/(?:incoming-)?handler@/.test(name))
        ? "; it answers HTTP: see serve"
        : ""),
  );
}

/** The name of an export, of which a core module may have any. */
function shown(name: string): string {
  return /^[!-~]+$/.test(name) ? name : quoted(name);
}
