import type { Measurement } from "./case.ts";

/**
 * Two figures of one measurement: the second is a row of its own, which takes no time. Who was measured less often than that row
 * asks has the last figure again.
 */
export class Kept {
  readonly #seconds = new Map<string, number[]>();

  first(name: string, measure: () => Promise<readonly [first: number, second: number]>): Measurement {
    return async () => {
      const [first, second] = await measure();
      this.#seconds.set(name, [...(this.#seconds.get(name) ?? []), second]);
      return first;
    };
  }

  second(name: string): Measurement {
    return () => {
      const [second, ...others] = this.#seconds.get(name) ?? [];
      if (others.length > 0) this.#seconds.set(name, others);
      return second === undefined
        ? Promise.reject(new Error("the row before has no such figure"))
        : Promise.resolve(second);
    };
  }
}
