/** What does not hold in a runtime, and why. A check that is listed and passes breaks the run. */

/** By the title of a check, the reason why it fails. */
export type ExpectedFailures = Readonly<Record<string, string>>;

/** By the runtime. */
export const expectedFailures: Readonly<Record<string, ExpectedFailures>> = {
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
