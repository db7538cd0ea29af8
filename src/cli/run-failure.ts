/** Failures of `sluice run`. */
import { InternalError } from "../io/trap.ts";
import { INTERFACES } from "../bind/interfaces.ts";
import { UnsupportedRuntimeError } from "../io/unsupported-runtime.ts";
import { InvalidComponentError } from "../load/invalid-component.ts";
import { UnsupportedComponentError } from "../load/unsupported.ts";
import { MissingImportsError } from "../run/missing-imports.ts";
import { PreopenError } from "../run/world.ts";
import { TimeoutError } from "../run/life.ts";
import { NotACommandError } from "../run/run.ts";
import { NotAHandlerError } from "../run/serve/not-a-handler.ts";
import { backtrace, isTrap } from "./backtrace.ts";
import { REFUSED, report } from "./failure.ts";
import { exitCodeOf, SignalError } from "./signals.ts";
import { harmless } from "../io/quoted.ts";
import { say } from "./write.ts";

/** As after SIGABRT, which is how a trap ends a native program. */
const TRAPPED = 134;

/** A component that was to be plugged in cannot be. `cause` says why. */
export class PlugError extends Error {
  override readonly name: string = "PlugError";
  readonly path: string;

  constructor(path: string, cause: unknown) {
    super(path, { cause });
    this.path = path;
  }
}

/** Tells of it on standard error, and gives the exit code. A signal needs no words. */
export function reportRun(error: unknown, path: string): number {
  if (error instanceof PlugError) return reportRun(error.cause, error.path);
  if (error instanceof PreopenError && isNoDirectory(error.cause)) {
    const what = error.cause.code === "ENOENT" ? "There is no such directory" : "This is no directory";
    say(`sluice: ${error.cause.path}: ${what}: --dir and --ro-dir expect HOST or HOST::GUEST\n`);
    return REFUSED;
  }
  if (error instanceof SignalError) return exitCodeOf(error.signal);
  // Ends its guest as a trap does, but is none.
  if (error instanceof InternalError) return report(error);
  if (error instanceof TimeoutError) {
    say(`sluice: ${path} trapped: it ran for longer than ${error.timeout} ms (--timeout)\n`);
    return TRAPPED;
  }
  if (isTrap(error)) {
    // V8 speaks of its own stack, and begins its messages with what we have already said.
    const what = error instanceof RangeError ? "call stack exhausted" : error.message.replace(/^wasm trap: /, "");
    say(`sluice: ${path} trapped: ${what}\n${backtrace(error)}`);
    return TRAPPED;
  }
  const refusal = refusalOf(error);
  if (refusal === undefined) return report(error);
  say(`sluice: ${path}: ${refusal}\n`);
  return REFUSED;
}

/** What is told of the text format. */
const IS_WAT = /begin with "\((?:component|module)/;

/** Whether this is what the system says of a path where there is no directory. */
function isNoDirectory(cause: unknown): cause is { readonly code: string; readonly path: string } {
  if (!(cause instanceof Error && "code" in cause && "path" in cause)) return false;
  return (cause.code === "ENOENT" || cause.code === "ENOTDIR") && typeof cause.path === "string";
}

/** Why we cannot run this component, if that is what the error says. */
function refusalOf(error: unknown): string | undefined {
  if (error instanceof NotACommandError) {
    const hasFunctions = !/, got none;|it answers HTTP/.test(error.message);
    return hasFunctions ? `${error.message}; --invoke 'f(1, "x")' calls a function of it` : error.message;
  }
  if (error instanceof InvalidComponentError && IS_WAT.test(error.message)) {
    return `${error.message}: make a binary of it first, as by \`wasm-tools parse\``;
  }
  if (error instanceof MissingImportsError) {
    const packages = new Set([...INTERFACES.keys()].map((name) => name.slice(0, name.indexOf("/"))));
    return (
      `The component imports what Sluice does not provide:\n${error.missing.map((name) => `  ${harmless(name)}\n`).join("")}` +
      (error.provided ??
        `Provided, in versions 0.2.x, are interfaces of ${[...packages].join(", ")}; what another component exports can be ` +
          "plugged in: --plug LIB.wasm")
    );
  }
  if (
    error instanceof InvalidComponentError ||
    error instanceof NotAHandlerError ||
    error instanceof PreopenError ||
    error instanceof UnsupportedComponentError ||
    error instanceof UnsupportedRuntimeError
  ) {
    return error.message;
  }
  if (error instanceof WebAssembly.CompileError || error instanceof WebAssembly.LinkError) {
    return `The component is damaged: ${error.message}`;
  }
  return undefined;
}
