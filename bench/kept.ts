import type { Measurement } from "./case.ts";

/** Two figures of one measurement: the second is a row of its own, which takes no time. */
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
      const second = this.#seconds.get(name)?.shift();
      return second === undefined
        ? Promise.reject(new Error("the row before has no such figure"))
        : Promise.resolve(second);
    };
  }
}
