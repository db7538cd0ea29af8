/** What goes wrong, as a person is told of it, and the exit code that says so. */
import { UnsupportedRuntimeError } from "../run/compile.ts";
import { InvalidComponentError } from "../run/component.ts";
import { MissingImportsError } from "../run/imports.ts";
import { NotACommandError } from "../run/run.ts";
import { backtrace, isTrap } from "./backtrace.ts";
import { version } from "./help.ts";
import { exitCodeOf, SignalError } from "./signals.ts";
import { UsageError } from "./usage.ts";
import { say } from "./write.ts";

/** We cannot do what was asked. */
const REFUSED = 1;
/** Our own error; sysexits calls it EX_SOFTWARE. */
const INTERNAL_ERROR = 70;
/** As after SIGABRT, which is how a trap ends a native program. */
const TRAPPED = 134;

/** What the component is, rather than what it does. */
const REFUSALS = [InvalidComponentError, MissingImportsError, NotACommandError, UnsupportedRuntimeError];

/**
 * Tells of a failure on standard error, and gives the exit code for it.
 *
 * @param path The component, if it is known.
 */
export function report(error: unknown, path?: string): number {
  if (error instanceof SignalError) return exitCodeOf(error.signal);
  if (error instanceof UsageError) {
    say(`sluice: ${error.message}\n`);
    return REFUSED;
  }
  if (REFUSALS.some((refusal) => error instanceof refusal)) {
    say(`sluice: ${path}: ${messageOf(error)}\n`);
    return REFUSED;
  }
  if (error instanceof WebAssembly.CompileError || error instanceof WebAssembly.LinkError) {
    say(`sluice: ${path}: The component is damaged: ${error.message}\n`);
    return REFUSED;
  }
  if (isTrap(error)) {
    say(`sluice: ${path} trapped: ${messageOf(error)}\n${backtrace(error)}`);
    return TRAPPED;
  }
  return reportInternal(error);
}

/** Tells of an error that is ours. */
export function reportInternal(error: unknown): number {
  const { version: node, platform, arch } = process;
  say(
    "sluice: internal error: this is a bug in Sluice, not in your program. Please report it with these lines:\n" +
      `  sluice ${version()}, Node ${node}, ${platform} ${arch}\n` +
      `  ${(error instanceof Error ? (error.stack ?? error.message) : String(error)).replaceAll("\n", "\n  ")}\n`,
  );
  return INTERNAL_ERROR;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
