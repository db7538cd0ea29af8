/**
 * What is done on descriptors, and waiting for them where `node:net` makes nothing of them, as in Deno and Bun: what cannot be done now is tried
 * again soon.
 */
export const LISTENS: boolean = process.versions["bun"] === undefined && process.versions["deno"] === undefined;

/**
 * Bytes of one write. Deno goes on until all are written, and when it cannot, it does not say how many were: of so few a
 * pipe takes all or none.
 */
export const MOST_WRITTEN: number = process.versions["deno"] === undefined ? Infinity : 4096;

export function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}

export function wouldBlock(error: unknown): boolean {
  const code = codeOf(error);
  return code === "EAGAIN" || code === "EWOULDBLOCK";
}

/** With `--frozen-intrinsics` nobody may set it. */
const IS_LIMIT_WRITABLE = Object.getOwnPropertyDescriptor(Error, "stackTraceLimit")?.writable === true;

/**
 * How much of the stack is in errors that are made until it is called again. A call that would block throws, and nobody looks
 * at that: where it was called from takes longer than all the rest (a third of what `cat` takes from pipe to pipe).
 *
 * @returns What it was.
 */
export function limitStacks(frames: number): number {
  const before = Error.stackTraceLimit;
  if (IS_LIMIT_WRITABLE) Error.stackTraceLimit = frames;
  return before;
}

const FIRST_MS = 1;
const LONGEST_MS = 10;

/** What `attempt` gives as soon as that is something. */
export function retried<T>(attempt: () => T | undefined): Promise<T> {
  return new Promise((resolve, reject) => {
    let wait = FIRST_MS;
    const again = (): void => {
      try {
        const value = attempt();
        if (value !== undefined) {
          resolve(value);
          return;
        }
      } catch (error) {
        reject(error instanceof Error ? error : new Error(String(error)));
        return;
      }
      setTimeout(again, wait);
      wait = Math.min(wait * 2, LONGEST_MS);
    };
    setTimeout(again, wait);
  });
}
