import type { Answer, Call, Happening } from "./calls.ts";

/** How calls that were made one after the other went. */
export type Outcome =
  | { readonly is: "answered"; readonly answers: readonly Answer[] }
  /** The guest is over: the rule that it broke, `exit CODE`, `unreachable`, `aborted`, or what nobody expects. */
  | { readonly is: "ended"; readonly how: string }
  /** It still waits, whatever has happened. */
  | { readonly is: "stuck" };

export type Entry =
  | {
      readonly is: "calls";
      readonly calls: readonly Call[];
      /** What happened while they were made. */
      readonly during: readonly Happening[];
      /** Whether the guest was made to give way, so that others had their turn. */
      readonly gaveWay: boolean;
      readonly outcome: Outcome;
      /** What each sink has by then, in bytes. */
      readonly taken: readonly number[];
    }
  | { readonly is: "happening"; readonly happening: Happening; readonly taken: readonly number[] };

/** What is left when the guest is over. */
export interface Remains {
  /** What each sink has. */
  readonly delivered: readonly Uint8Array[];
  readonly ends: readonly (string | undefined)[];
  /** What the file has. */
  readonly file: Uint8Array;
  /** What is still held, by name: none, if all is well. */
  readonly held: readonly string[];
  /** What happened until all was delivered. */
  readonly during: readonly Happening[];
  /** Whether it was. */
  readonly isDone: boolean;
}

/** What came of a trace, played in one way. */
export interface Record {
  readonly entries: readonly Entry[];
  readonly remains: Remains;
}
