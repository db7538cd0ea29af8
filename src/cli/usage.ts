/** The command line asks for what we cannot do. The message says what was expected, what came, and what to do. */
export class UsageError extends Error {
  override readonly name: string = "UsageError";
}
