/** Failures of any command, as a person is told of them, and the exit codes that say so. */
import { inspect } from "node:util";
import { UsageError } from "./usage.ts";
import { version } from "./version.ts";
import { say } from "./write.ts";

/** We cannot do what was asked. */
export const REFUSED = 1;
/** Our own error; sysexits calls it EX_SOFTWARE. */
const INTERNAL_ERROR = 70;

/** Also a package.json that Node cannot read when a thread begins. */
const THREAD_FAILURES: ReadonlySet<string> = new Set([
  "ERR_WORKER_INIT_FAILED",
  "ERR_WORKER_OUT_OF_MEMORY",
  "ERR_INVALID_PACKAGE_CONFIG",
]);

/** What the machine refused, if that is what lies behind an error: a system call, or memory. */
function machineFailure(error: unknown): string | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const code = "code" in cause ? String(cause.code) : "";
    // By Node's --permission, whose words name the option that permits it.
    if (code === "ERR_ACCESS_DENIED") return `Node may not do that: ${cause.message}`;
    // A thread that cannot begin, for lack of descriptors or memory, has no system call to name.
    if ((code !== "" && "syscall" in cause) || THREAD_FAILURES.has(code)) return `The system refuses: ${cause.message}`;
    if (cause instanceof RangeError && /memory|allocat/i.test(cause.message)) {
      return `There is not enough memory: ${cause.message}`;
    }
  }
  return undefined;
}

/** Tells of a failure on standard error, and gives the exit code for it. What is not known to be another's is ours. */
export function report(error: unknown): number {
  if (error instanceof UsageError) {
    say(`sluice: ${error.message}\n`);
    return REFUSED;
  }
  const machine = machineFailure(error);
  if (machine !== undefined) {
    say(`sluice: ${machine}\n`);
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
