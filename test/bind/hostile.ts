/** What a guest may do that means no good, for those who have to bear it. */
import fc from "../testing/properties.ts";
import type { Loop } from "../../src/wait/task.ts";
import type { Lowered } from "./support.ts";

/** A loop whose clock is ten milliseconds further each time it is asked, so that whoever is asked is overdue. */
export class CountingLoop implements Loop {
  turns = 0;
  #now = 0;

  turn(): Promise<void> {
    this.turns++;
    return Promise.resolve();
  }

  now(): number {
    return (this.#now += 10);
  }
}

/** As many as the interfaces have. */
export const FUNCTIONS = 176;

const hostileNumber = fc.oneof(
  fc.integer({ min: -4, max: 8 }),
  fc.integer({ min: 65_500, max: 65_540 }),
  fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
);

/** Enough for any function. */
export const hostileArguments: fc.Arbitrary<number[]> = fc.array(hostileNumber, { minLength: 12, maxLength: 12 });

/**
 * Which parameters are i64, and so bigint from JavaScript, is not known here. They are converted one after the other, so
 * the one that was asked last is the one that does not fit.
 */
export function callEitherWay(fn: Lowered | undefined, args: readonly number[]): void {
  const wide = new Set<number>();
  for (;;) {
    let asked = -1;
    const values = args.map((value, index) => ({
      [Symbol.toPrimitive]: () => {
        asked = index;
        return wide.has(index) ? BigInt(value) : value;
      },
    }));
    try {
      fn?.(...values);
      return;
    } catch (error) {
      const misfit = error instanceof TypeError && /BigInt/.test(error.message);
      if (!misfit || wide.has(asked)) throw error;
      wide.add(asked);
    }
  }
}

/** A call that has to wait, from JavaScript, where there is nobody to suspend. */
export function isSuspendError(error: unknown): boolean {
  return error instanceof Error && /suspend/i.test(`${error.name} ${error.message}`);
}
