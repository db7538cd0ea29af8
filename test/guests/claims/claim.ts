/**
 * What each guest in `built/` claims, how to play it, and what must come.
 *
 * A claim guest checks its claim by itself: it exits with 0 if the claim holds, else it writes one
 * line `FAIL: ...` on stderr and exits with 1. A guest that must trap makes the forbidden call.
 */

/** What a guest finds on stdin. Nothing said: `closed`. */
export type Stdin =
  /** All of `text` is there at once, then the end. */
  | { readonly kind: "bytes"; readonly text: string }
  /** The end is there at once. */
  | { readonly kind: "closed" }
  /** Never delivers anything, and never ends. */
  | { readonly kind: "stalled" }
  /** Delivers one chunk after the other, each in a later turn than the guest's question, then ends. */
  | { readonly kind: "late"; readonly chunks: readonly string[] }
  /** Delivers `after`, then fails. */
  | { readonly kind: "failing"; readonly after: string };

/** What becomes of a guest's stdout. Nothing said: `collect`. */
export type Stdout =
  /** Takes everything at once. */
  | { readonly kind: "collect" }
  /** Takes some bytes (far fewer than a host buffers) in each turn of the event loop. */
  | { readonly kind: "slow" }
  /** Takes `afterBytes` bytes, and fails in a later turn when it is given more. */
  | { readonly kind: "failing"; readonly afterBytes: number }
  /** The same, but its end is that of a reader that has gone away (EPIPE). */
  | { readonly kind: "closing"; readonly afterBytes: number }
  /** Never takes a byte. The guest exits by itself; what it has written is never delivered. */
  | { readonly kind: "stalled" };

export interface Claim {
  /** The guest: `built/NAME.wasm`. Several claims may play one guest, with other arguments. */
  readonly name: string;
  /** The rules of the contract that it rests on; `head` is the list before the numbered ones. */
  readonly rules: readonly string[];
  readonly claim: string;
  /** All arguments, the program's name first. */
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: Stdin;
  readonly stdout?: Stdout;
  /** The host option with which a permit may be used in parts. */
  readonly permits?: "budget";
  /** Either an exit code, or a part of the trap's message. */
  readonly expect: { readonly exit: number } | { readonly trap: string };
  /** Exactly what stdout has got in the end. */
  readonly stdoutText?: string;
  /** How many bytes stdout has got in the end. */
  readonly stdoutBytes?: number;
  readonly limits?: Readonly<Record<string, number>>;
}

/**
 * What lies in a directory. The path is what the guest calls it; the directories above it are made
 * along. The directory that holds all preopened ones is `/`, so that `/secret` is outside of them.
 */
export type Entry =
  | { readonly kind: "file"; readonly path: string; readonly text: string }
  | { readonly kind: "directory"; readonly path: string }
  /** A symbolic link, with its target as it stands in it. */
  | { readonly kind: "link"; readonly path: string; readonly target: string }
  /** Another name of the file at the path `of`. */
  | { readonly kind: "hard-link"; readonly path: string; readonly of: string };

/** A claim about files. The guest gets closed stdin, and the directories. */
export interface FilesystemClaim extends Pick<Claim, "name" | "rules" | "claim" | "args" | "expect" | "limits"> {
  /** The preopened directories, each a new one, by their path in the guest. */
  readonly directories: Readonly<Record<string, "rw" | "ro">>;
  /** What is in them before. */
  readonly before?: readonly Entry[];
  /** What is in them afterwards, among other things. */
  readonly after?: readonly Entry[];
  /** Exactly what stdout has got in the end: the text, or the name of a file beside the guest's source. */
  readonly stdout?: string | { readonly file: string };
  /** Exactly what stderr has got in the end. */
  readonly stderrText?: string;
}

/** A guest for real pipes, files and terminals, for tools and for benchmarks. */
export interface Program {
  readonly name: string;
  readonly usage: string;
}
