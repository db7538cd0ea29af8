/** What members of faults are to be. */
type Member = readonly [expected: string, fits: (value: unknown) => boolean];

/** Of bytes, or of calls; infinitely many are never reached. */
export const AMOUNT: Member = ["a number from 0 on", (value) => typeof value === "number" && value >= 0];

export const ANYTHING: Member = ["anything", () => true];
