/** What the test and the process that it looks into say to each other. */

/** From the process under test to the test. Each is answered by an `Answer`. */
export type Request =
  /** The test reads nothing more of stdout, reads on, or goes away. */
  | { readonly do: "stall" | "release" | "leave" }
  /** What has come out of stdout, as soon as that is `count` bytes. */
  | { readonly do: "arrived"; readonly count: number }
  /** The test writes to stdin, or ends it. */
  | { readonly do: "supply"; readonly bytes: readonly number[] }
  | { readonly do: "end" }
  /** A turn of the test's event loop. */
  | { readonly do: "turn" };

/** A request and its number, which the answer repeats: several may be under way. */
export interface Numbered {
  readonly id: number;
  readonly request: Request;
}

export interface Answer {
  readonly id: number;
  readonly bytes?: readonly number[];
}

/** The last thing that the process under test says: what was seen instead, nothing if the rule is kept. */
export interface Verdict {
  readonly verdict: { readonly kept: boolean; readonly message: string };
}
