/** Failures of any command, as a person is told of them, and the exit codes that say so. */
import { inspect } from "node:util";
import { version } from "./help.ts";
import { UsageError } from "./usage.ts";
import { say } from "./write.ts";

/** We cannot do what was asked. */
export const REFUSED = 1;
/** Our own error; sysexits calls it EX_SOFTWARE. */
const INTERNAL_ERROR = 70;

/** Tells of a failure on standard error, and gives the exit code for it. What is not known to be another's is ours. */
export function report(error: unknown): number {
  if (error instanceof UsageError) {
    say(`sluice: ${error.message}\n`);
    return REFUSED;
  }
  const { version: node, platform, arch } = process;
  say(
    "sluice: internal error: this is a bug in Sluice, not in your program. Please report it with these lines:\n" +
      `  sluice ${version()}, Node ${node}, ${platform} ${arch}\n` +
      `  ${inspect(error).replaceAll("\n", "\n  ")}\n`,
  );
  return INTERNAL_ERROR;
}
