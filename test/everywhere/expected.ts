/**
 * What does not hold in a runtime, and why. A check that is listed and passes breaks the run. docs/runtimes.md has the same
 * table.
 */

/** By the title of a check, the reason why it fails. */
export type ExpectedFailures = Readonly<Record<string, string>>;

/** By the runtime. */
export const expectedFailures: Readonly<Record<string, ExpectedFailures>> = {
  Deno: {
    "a directory that waits keeps every rule of files":
      "it forgets O_CREAT for what is not opened for writing, and its unlink removes an empty directory",
    "a directory that blocks keeps every rule of files":
      "it forgets O_CREAT for what is not opened for writing, and its unlink removes an empty directory",
    "UDP on the loopback keeps every rule of UDP":
      "its node:dgram binds a port twice, loses the address that it is bound to, and hears of no refusal",
    "HTTP/1.1 over TLS keeps every rule of HTTP":
      "its TLS takes all that is written to who reads nothing, and sends fields after a body in UTF-8",
  },
  Bun: {
    "a directory that waits keeps every rule of files": "its readdir of a directory that was removed fails",
    "a directory that blocks keeps every rule of files": "its readdir of a directory that was removed fails",
    "node:http keeps every rule of HTTP": "its node:http puts fields of the same name together",
    "HTTP/1.1 over TLS keeps every rule of HTTP": "its node:http puts fields of the same name together",
    "a response of HTTP/2 that is reset by code 0 never looks whole": "its node:http2 takes that for the end",
  },
  Firefox: {
    "the objects of Fetch keep every rule of HTTP but of what they do not have":
      "its requests have no streams: neither can one be given, nor read",
  },
};

/**
 * @param failure What was said when the check failed, or nothing.
 * @throws {Error} If that is not what is expected.
 */
export function judge(runtime: string, title: string, failure: string | undefined): void {
  const reason = expectedFailures[runtime]?.[title];
  if (reason === undefined && failure !== undefined) throw new Error(failure);
  if (reason !== undefined && failure === undefined) {
    throw new Error(`passes in ${runtime}, but is listed as failing there: ${reason}`);
  }
}
