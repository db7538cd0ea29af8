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

export const claims: readonly Claim[] = [
  // Section 1: handles, children, limits.
  {
    name: "unknown-handle",
    rules: ["1.2"],
    claim: "a call on a handle that was never given out traps.",
    expect: { trap: "handle" },
  },
  {
    name: "dropped-handle",
    rules: ["1.2"],
    claim: "a call on a handle that has been dropped traps.",
    expect: { trap: "handle" },
  },
  {
    name: "dropped-twice",
    rules: ["1.2"],
    claim: "dropping a handle twice traps.",
    expect: { trap: "handle" },
  },
  {
    name: "wrong-kind-handle",
    rules: ["1.2"],
    claim: "a call with the handle of another kind of resource traps.",
    expect: { trap: "handle" },
  },
  {
    name: "drop-parent-first",
    rules: ["1.3", "1.4", "3.15"],
    claim: "dropping a stream that has a live pollable traps.",
    expect: { trap: "resource has children" },
  },
  {
    name: "drop-input-parent-first",
    rules: ["1.3", "1.4", "2.7"],
    claim: "dropping an input-stream that has a live pollable traps.",
    expect: { trap: "resource has children" },
  },
  {
    name: "drop-child-first",
    rules: ["1.3", "4.10"],
    claim: "a stream can be dropped as soon as its last pollable has been.",
    expect: { exit: 0 },
  },
  {
    name: "resource-limit",
    rules: ["1.2"],
    claim: "a guest that takes ever more resources traps at the limit.",
    expect: { trap: "resources" },
    limits: { resources: 1000 },
  },
  {
    name: "resources-are-reused",
    rules: ["1.2"],
    claim: "only live resources count against the limit.",
    expect: { exit: 0 },
    limits: { resources: 1000 },
  },
  {
    name: "read-max-length",
    rules: ["1.5", "2.1"],
    claim: "read(u64::MAX) gives a short list of what is there.",
    stdin: { kind: "bytes", text: "0123456789" },
    expect: { exit: 0 },
  },
  {
    name: "blocking-read-max-length",
    rules: ["1.5", "2.3", "2.4"],
    claim: "blocking-read(u64::MAX), skip(u64::MAX) and blocking-skip(u64::MAX) move what is there.",
    stdin: { kind: "bytes", text: "0123456789" },
    expect: { exit: 0 },
  },
  // Section 2: input-stream.
  {
    name: "read-zero-open",
    rules: ["2.2"],
    claim: "read(0) on an open stream is ok and empty, and takes nothing.",
    stdin: { kind: "bytes", text: "abc" },
    expect: { exit: 0 },
  },
  {
    name: "read-zero-closed",
    rules: ["2.2", "D4"],
    claim: "read(0) on a closed stream is closed.",
    stdin: { kind: "closed" },
    expect: { exit: 0 },
  },
  {
    name: "read-empty-means-not-now",
    rules: ["2.1", "2.5"],
    claim: "read gives an empty list while nothing is there, and the data after a wait.",
    stdin: { kind: "late", chunks: ["late"] },
    expect: { exit: 0 },
  },
  {
    name: "eof-closed-for-ever",
    rules: ["2.1", "2.5", "7.1", "7.2d"],
    claim: "after the last byte a stream is closed, for every call, handle and time.",
    stdin: { kind: "bytes", text: "abc" },
    expect: { exit: 0 },
  },
  {
    name: "blocking-read-waits",
    rules: ["2.3"],
    claim: "blocking-read(n) waits until it has 1 to n bytes.",
    stdin: { kind: "late", chunks: ["one ", "two ", "three"] },
    expect: { exit: 0 },
  },
  {
    name: "blocking-read-zero",
    rules: ["2.3"],
    claim: "blocking-read(0) waits once, then is empty on an open stream and takes nothing.",
    stdin: { kind: "late", chunks: ["late"] },
    expect: { exit: 0 },
  },
  {
    name: "read-one-by-one",
    rules: ["2.1", "2.3"],
    claim: "a read brings at most what was asked for, byte by byte too.",
    stdin: { kind: "bytes", text: "0123456789" },
    expect: { exit: 0 },
  },
  {
    name: "skip-counts",
    rules: ["2.4"],
    claim: "skip(n) skips at most n bytes and says how many.",
    stdin: { kind: "bytes", text: "0123456789" + "K".repeat(90) },
    expect: { exit: 0 },
  },
  {
    name: "skip-zero",
    rules: ["2.4"],
    claim: "skip(0) skips nothing, and skip with nothing there gives 0.",
    stdin: { kind: "late", chunks: ["late"] },
    expect: { exit: 0 },
  },
  {
    name: "blocking-skip",
    rules: ["2.4"],
    claim: "blocking-skip(n) waits, then skips 1 to n bytes.",
    stdin: { kind: "late", chunks: ["one ", "two ", "three"] },
    expect: { exit: 0 },
  },
  {
    name: "read-failure-once-then-closed",
    rules: ["2.6", "D11"],
    claim: "the bytes before a failure are delivered, then the failure once, then closed.",
    stdin: { kind: "failing", after: "abc" },
    expect: { exit: 0 },
  },
  {
    name: "read-failure-taken-by",
    rules: ["2.4", "2.6", "D11"],
    claim:
      "whichever call comes first after a failure reports it; all later ones are closed. The argument names the first call.",
    args: ["read-failure-taken-by", "read"],
    stdin: { kind: "failing", after: "abc" },
    expect: { exit: 0 },
  },
  {
    name: "read-failure-taken-by",
    rules: ["2.4", "2.6", "D11"],
    claim:
      "whichever call comes first after a failure reports it; all later ones are closed. The argument names the first call.",
    args: ["read-failure-taken-by", "skip"],
    stdin: { kind: "failing", after: "abc" },
    expect: { exit: 0 },
  },
  {
    name: "read-failure-taken-by",
    rules: ["2.4", "2.6", "D11"],
    claim:
      "whichever call comes first after a failure reports it; all later ones are closed. The argument names the first call.",
    args: ["read-failure-taken-by", "splice"],
    stdin: { kind: "failing", after: "abc" },
    expect: { exit: 0 },
  },
  {
    name: "read-failure-taken-by",
    rules: ["2.4", "2.6", "D11"],
    claim:
      "whichever call comes first after a failure reports it; all later ones are closed. The argument names the first call.",
    args: ["read-failure-taken-by", "blocking-read"],
    stdin: { kind: "failing", after: "abc" },
    expect: { exit: 0 },
  },
  {
    name: "read-failure-taken-by",
    rules: ["2.4", "2.6", "D11"],
    claim:
      "whichever call comes first after a failure reports it; all later ones are closed. The argument names the first call.",
    args: ["read-failure-taken-by", "blocking-skip"],
    stdin: { kind: "failing", after: "abc" },
    expect: { exit: 0 },
  },
  {
    name: "read-failure-taken-by",
    rules: ["2.4", "2.6", "D11"],
    claim:
      "whichever call comes first after a failure reports it; all later ones are closed. The argument names the first call.",
    args: ["read-failure-taken-by", "blocking-splice"],
    stdin: { kind: "failing", after: "abc" },
    expect: { exit: 0 },
  },
  {
    name: "two-stdin-handles",
    rules: ["7.1", "7.2a", "7.2f"],
    claim: "all handles of stdin read one stream; what one leaves over, any other can read.",
    stdin: { kind: "bytes", text: "0123456789" },
    expect: { exit: 0 },
  },
  {
    name: "spin-read",
    rules: ["D7"],
    claim: "a guest that only spins on read still gets its data, and the end.",
    stdin: { kind: "late", chunks: ["one ", "two ", "three"] },
    expect: { exit: 0 },
  },
  // Section 3: output-stream.
  {
    name: "write-without-permit",
    rules: ["3.3", "D1"],
    claim: "a write that no check-write has permitted traps.",
    expect: { trap: "permit" },
  },
  {
    name: "write-beyond-permit",
    rules: ["3.2", "D2"],
    claim: "a write of one byte more than permitted traps.",
    expect: { trap: "permit" },
  },
  {
    name: "write-whole-permit",
    rules: ["3.1", "3.2"],
    claim: "a write of exactly the permitted number of bytes is taken.",
    stdout: { kind: "slow" },
    expect: { exit: 0 },
  },
  {
    name: "write-twice-on-one-permit",
    rules: ["3.3", "3.4", "D1"],
    claim:
      'a permit is for one write, a second one traps. With the argument "budget", for a host that lets a permit be used in parts: the parts are taken as long as the permit covers their sum; with "over-budget": one byte beyond the sum traps.',
    expect: { trap: "permit" },
  },
  {
    name: "write-twice-on-one-permit",
    rules: ["3.3", "3.4", "D1"],
    claim:
      'a permit is for one write, a second one traps. With the argument "budget", for a host that lets a permit be used in parts: the parts are taken as long as the permit covers their sum; with "over-budget": one byte beyond the sum traps.',
    args: ["write-twice-on-one-permit", "budget"],
    permits: "budget",
    expect: { exit: 0 },
    stdoutText: "xx",
  },
  {
    name: "write-twice-on-one-permit",
    rules: ["3.3", "3.4", "D1"],
    claim:
      'a permit is for one write, a second one traps. With the argument "budget", for a host that lets a permit be used in parts: the parts are taken as long as the permit covers their sum; with "over-budget": one byte beyond the sum traps.',
    args: ["write-twice-on-one-permit", "over-budget"],
    permits: "budget",
    expect: { trap: "permit" },
  },
  {
    name: "write-during-flush",
    rules: ["3.5", "3.6"],
    claim: "a write while a flush is under way traps.",
    stdout: { kind: "slow" },
    expect: { trap: "flush" },
  },
  {
    name: "write-zero-bytes",
    rules: ["3.2"],
    claim: "a write of 0 bytes on a permit is ok and writes nothing.",
    expect: { exit: 0 },
    stdoutText: "text",
  },
  {
    name: "bwf-4096",
    rules: ["3.8"],
    claim: "blocking-write-and-flush takes 4096 bytes at once, and permits a write afterwards.",
    stdout: { kind: "slow" },
    expect: { exit: 0 },
    stdoutBytes: 4096,
  },
  {
    name: "bwf-4097",
    rules: ["3.8"],
    claim: "blocking-write-and-flush of more than 4096 bytes traps.",
    expect: { trap: "4096" },
  },
  {
    name: "bwf-empty",
    rules: ["3.8"],
    claim: "blocking-write-and-flush of 0 bytes is ok on an open stream, and flushes.",
    stdout: { kind: "slow" },
    expect: { exit: 0 },
  },
  {
    name: "bwf-empty-closed",
    rules: ["3.8"],
    claim: "blocking-write-and-flush of 0 bytes on a closed stream is closed.",
    stdout: { kind: "closing", afterBytes: 1000 },
    expect: { exit: 0 },
  },
  {
    name: "bwf-loop",
    rules: ["3.8", "3.13", "D8"],
    claim: "a loop of blocking-write-and-flush delivers everything to a slow reader, in order.",
    stdout: { kind: "slow" },
    expect: { exit: 0 },
    stdoutText: "abcdefghijklmnopqrstuvwxyz",
  },
  {
    name: "bwzf-4096",
    rules: ["3.10"],
    claim: "blocking-write-zeroes-and-flush takes 4096 zeroes at once.",
    stdout: { kind: "slow" },
    expect: { exit: 0 },
    stdoutBytes: 4096,
  },
  {
    name: "bwzf-4097",
    rules: ["3.10"],
    claim: "blocking-write-zeroes-and-flush of more than 4096 zeroes traps.",
    expect: { trap: "4096" },
  },
  {
    name: "write-zeroes-keeps-order",
    rules: ["3.9", "3.10"],
    claim: "zeroes are bytes like others: they come between what is written before and after.",
    stdout: { kind: "slow" },
    expect: { exit: 0 },
    stdoutText: "ab\u0000\u0000\u0000c\u0000\u0000d",
  },
  {
    name: "write-zeroes-beyond-permit",
    rules: ["3.9"],
    claim: "write-zeroes of one more than permitted traps.",
    expect: { trap: "permit" },
  },
  {
    name: "write-zeroes-max",
    rules: ["3.9"],
    claim: "write-zeroes(u64::MAX) traps, it does not allocate.",
    expect: { trap: "permit" },
  },
  {
    name: "flush-idempotent",
    rules: ["3.5"],
    claim: "flush may be called again while one is under way, and after it.",
    stdout: { kind: "slow" },
    expect: { exit: 0 },
  },
  {
    name: "flush-permits-nothing",
    rules: ["3.5", "3.14", "D9"],
    claim: "until a flush is done, check-write gives 0 and the pollable is not ready; then both say yes.",
    stdout: { kind: "slow" },
    expect: { exit: 0 },
  },
  {
    name: "flush-nothing-written",
    rules: ["3.5", "3.7"],
    claim: "flush with nothing written is ok, and permits a write soon after.",
    expect: { exit: 0 },
    stdoutText: "text",
  },
  {
    name: "blocking-flush-completes",
    rules: ["3.5", "3.7", "D9"],
    claim: "when blocking-flush returns, the flush is done and a write is permitted.",
    stdout: { kind: "slow" },
    expect: { exit: 0 },
  },
  {
    name: "flush-frees-whole-permit",
    rules: ["3.5", "6.6c"],
    claim: "a completed flush leaves nothing behind: the permit is as large as at the beginning.",
    stdout: { kind: "slow" },
    expect: { exit: 0 },
  },
  {
    name: "write-failure-once-then-closed",
    rules: ["3.5", "3.14", "3.16", "D3"],
    claim: "a failure is reported exactly once, then every call is closed, for ever.",
    stdout: { kind: "failing", afterBytes: 5000 },
    expect: { exit: 0 },
  },
  {
    name: "failure-closes-every-handle",
    rules: ["3.16", "6.8", "7.1"],
    claim: "a failure of stdout is reported once in all, not once for every handle.",
    stdout: { kind: "failing", afterBytes: 5000 },
    expect: { exit: 0 },
  },
  {
    name: "failure-taken-by",
    rules: ["3.1", "3.2", "3.5", "3.7-3.12", "3.16", "D3"],
    claim:
      "whichever call comes first after a failure reports it; all later ones are closed. The argument names the first call.",
    args: ["failure-taken-by", "check-write"],
    stdout: { kind: "failing", afterBytes: 4 },
    expect: { exit: 0 },
  },
  {
    name: "failure-taken-by",
    rules: ["3.1", "3.2", "3.5", "3.7-3.12", "3.16", "D3"],
    claim:
      "whichever call comes first after a failure reports it; all later ones are closed. The argument names the first call.",
    args: ["failure-taken-by", "write"],
    stdout: { kind: "failing", afterBytes: 4 },
    expect: { exit: 0 },
  },
  {
    name: "failure-taken-by",
    rules: ["3.1", "3.2", "3.5", "3.7-3.12", "3.16", "D3"],
    claim:
      "whichever call comes first after a failure reports it; all later ones are closed. The argument names the first call.",
    args: ["failure-taken-by", "flush"],
    stdout: { kind: "failing", afterBytes: 4 },
    expect: { exit: 0 },
  },
  {
    name: "failure-taken-by",
    rules: ["3.1", "3.2", "3.5", "3.7-3.12", "3.16", "D3"],
    claim:
      "whichever call comes first after a failure reports it; all later ones are closed. The argument names the first call.",
    args: ["failure-taken-by", "write-zeroes"],
    stdout: { kind: "failing", afterBytes: 4 },
    expect: { exit: 0 },
  },
  {
    name: "failure-taken-by",
    rules: ["3.1", "3.2", "3.5", "3.7-3.12", "3.16", "D3"],
    claim:
      "whichever call comes first after a failure reports it; all later ones are closed. The argument names the first call.",
    args: ["failure-taken-by", "splice"],
    stdout: { kind: "failing", afterBytes: 4 },
    expect: { exit: 0 },
  },
  {
    name: "failure-taken-by",
    rules: ["3.1", "3.2", "3.5", "3.7-3.12", "3.16", "D3"],
    claim:
      "whichever call comes first after a failure reports it; all later ones are closed. The argument names the first call.",
    args: ["failure-taken-by", "blocking-flush"],
    stdout: { kind: "failing", afterBytes: 4 },
    expect: { exit: 0 },
  },
  {
    name: "failure-taken-by",
    rules: ["3.1", "3.2", "3.5", "3.7-3.12", "3.16", "D3"],
    claim:
      "whichever call comes first after a failure reports it; all later ones are closed. The argument names the first call.",
    args: ["failure-taken-by", "blocking-write-and-flush"],
    stdout: { kind: "failing", afterBytes: 4 },
    expect: { exit: 0 },
  },
  {
    name: "failure-taken-by",
    rules: ["3.1", "3.2", "3.5", "3.7-3.12", "3.16", "D3"],
    claim:
      "whichever call comes first after a failure reports it; all later ones are closed. The argument names the first call.",
    args: ["failure-taken-by", "blocking-write-zeroes-and-flush"],
    stdout: { kind: "failing", afterBytes: 4 },
    expect: { exit: 0 },
  },
  {
    name: "failure-taken-by",
    rules: ["3.1", "3.2", "3.5", "3.7-3.12", "3.16", "D3"],
    claim:
      "whichever call comes first after a failure reports it; all later ones are closed. The argument names the first call.",
    args: ["failure-taken-by", "blocking-splice"],
    stdout: { kind: "failing", afterBytes: 4 },
    expect: { exit: 0 },
  },
  {
    name: "closed-is-final",
    rules: ["3.8", "7.4", "D3"],
    claim:
      "when the reader of stdout goes away, a writer gets closed, never last-operation-failed, and can still write to stderr and exit well.",
    stdout: { kind: "closing", afterBytes: 10000 },
    expect: { exit: 0 },
  },
  {
    name: "check-write-ready-agree",
    rules: ["3.5", "3.14"],
    claim: "a stream's pollable is ready if and only if check-write does not give ok(0).",
    stdout: { kind: "slow" },
    expect: { exit: 0 },
  },
  {
    name: "spin-check-write",
    rules: ["D7"],
    claim: "a guest that only spins on check-write still gets its permits.",
    stdout: { kind: "slow" },
    expect: { exit: 0 },
  },
  {
    name: "spin-flush",
    rules: ["3.5", "D7"],
    claim: "a flush completes for a guest that only spins on check-write.",
    stdout: { kind: "slow" },
    expect: { exit: 0 },
  },
  {
    name: "stalled-stdout-stops-writer",
    rules: ["3.1", "3.14", "6.6f"],
    claim:
      "in front of a reader that never takes a byte, a host takes a bounded number of bytes, then permits nothing, and says so for as long as nothing changes.",
    stdout: { kind: "stalled" },
    expect: { exit: 0 },
  },
  {
    name: "splice-moves-exactly",
    rules: ["3.11"],
    claim: "splice moves at most as many bytes as asked for, says how many, and loses none.",
    stdin: { kind: "bytes", text: "0123456789".repeat(10) + "K" },
    stdout: { kind: "slow" },
    expect: { exit: 0 },
    stdoutBytes: 100,
  },
  {
    name: "splice-zero-length",
    rules: ["3.11", "3.12"],
    claim: "splice and blocking-splice of 0 bytes move nothing and give 0, even at the source's end.",
    stdin: { kind: "closed" },
    expect: { exit: 0 },
  },
  {
    name: "splice-empty-source",
    rules: ["3.11"],
    claim: "splice gives 0 while the source has nothing, without waiting.",
    stdin: { kind: "late", chunks: ["late"] },
    expect: { exit: 0 },
  },
  {
    name: "splice-closed-source",
    rules: ["3.11"],
    claim: "splice from a source at its end is closed, and the destination stays open.",
    stdin: { kind: "closed" },
    expect: { exit: 0 },
    stdoutText: "still open",
  },
  {
    name: "splice-failed-source",
    rules: ["2.6", "3.11"],
    claim: "splice from a source that has failed reports that once, then closed; the destination stays open.",
    stdin: { kind: "failing", after: "abc" },
    expect: { exit: 0 },
    stdoutText: "still open",
  },
  {
    name: "splice-zero-permit",
    rules: ["3.11"],
    claim: "splice gives 0 while the destination permits nothing, and takes nothing from the source.",
    stdin: { kind: "bytes", text: "abc" },
    stdout: { kind: "stalled" },
    expect: { exit: 0 },
  },
  {
    name: "blocking-splice-waits",
    rules: ["3.12", "D6"],
    claim: "blocking-splice(n) waits for both ends, then moves 1 to n bytes.",
    stdin: { kind: "late", chunks: ["one two ", "three ", "four"] },
    stdout: { kind: "slow" },
    expect: { exit: 0 },
    stdoutText: "one two three four",
  },
  {
    name: "blocking-splice-eof",
    rules: ["3.12"],
    claim: "blocking-splice from a source at its end is closed, at once and again.",
    stdin: { kind: "closed" },
    expect: { exit: 0 },
    stdoutText: "still open",
  },
  {
    name: "splice-self-order",
    rules: ["3.11", "3.12"],
    claim: "spliced bytes come between what is written before and after.",
    stdin: { kind: "bytes", text: "123456" },
    stdout: { kind: "slow" },
    expect: { exit: 0 },
    stdoutText: "<12345|6>",
  },
  {
    name: "drop-delivers-unflushed",
    rules: ["3.15", "13.6", "head"],
    claim: "what was written and not flushed is delivered although the stream is dropped.",
    stdout: { kind: "slow" },
    expect: { exit: 0 },
    stdoutText: "not flushed",
  },
  {
    name: "exit-delivers-unflushed",
    rules: ["7.9", "head"],
    claim: "what was written and not flushed is delivered although the guest exits.",
    stdout: { kind: "slow" },
    expect: { exit: 0 },
    stdoutText: "not flushed",
  },
  {
    name: "trap-delivers-flushed",
    rules: ["3.5", "D9", "head"],
    claim: "what a completed flush covered is delivered although the guest traps.",
    stdout: { kind: "slow" },
    expect: { trap: "nreachable" },
    stdoutText: "flushed",
  },
  {
    name: "large-write-delivered",
    rules: ["3.1", "3.2", "3.14"],
    claim: "a permit loop delivers any number of bytes to a slow reader.",
    stdout: { kind: "slow" },
    expect: { exit: 0 },
    stdoutBytes: 5 * 65536,
  },
  // Section 4: pollables and clocks.
  {
    name: "poll-empty",
    rules: ["4.4"],
    claim: "poll of an empty list traps.",
    expect: { trap: "empty" },
  },
  {
    name: "poll-ascending",
    rules: ["4.5", "D10"],
    claim: "poll gives the positions of all ready entries, in ascending order, and no other.",
    stdin: { kind: "bytes", text: "abc" },
    expect: { exit: 0 },
  },
  {
    name: "poll-duplicates",
    rules: ["4.6", "4.11"],
    claim: "a pollable may be listed several times; each of its positions is reported.",
    stdin: { kind: "late", chunks: ["late"] },
    expect: { exit: 0 },
  },
  {
    name: "poll-two-pollables-of-one-stream",
    rules: ["4.6", "6.8"],
    claim: "two pollables of one stream, and of two handles of it, become ready together.",
    stdin: { kind: "late", chunks: ["late"] },
    expect: { exit: 0 },
  },
  {
    name: "pollable-reused",
    rules: ["4.1", "4.3"],
    claim: "one pollable serves for any number of waits.",
    stdin: { kind: "late", chunks: ["one ", "two ", "three"] },
    expect: { exit: 0 },
  },
  {
    name: "pollable-level-triggered",
    rules: ["4.1"],
    claim:
      "a pollable shows the state of now: ready for as long as there is something to read, not ready again after the last byte that is there.",
    stdin: { kind: "late", chunks: ["abcdef", "gh"] },
    expect: { exit: 0 },
  },
  {
    name: "ready-has-no-wait",
    rules: ["4.2"],
    claim: "ready() answers without waiting.",
    stdin: { kind: "stalled" },
    expect: { exit: 0 },
  },
  {
    name: "zero-timer-ready",
    rules: ["4.2", "4.12"],
    claim: "a zero timer is ready within 20 tries of ready(), and stays so.",
    expect: { exit: 0 },
  },
  {
    name: "zero-timer-does-not-starve",
    rules: ["4.9"],
    claim: "a guest that polls a zero timer and stdin in a busy loop sees what comes on stdin.",
    stdin: { kind: "late", chunks: ["x"] },
    expect: { exit: 0 },
  },
  {
    name: "timer-never",
    rules: ["4.12"],
    claim: "a timer that is too long to be represented never fires, and disturbs no other.",
    expect: { exit: 0 },
  },
  {
    name: "timer-past-instant",
    rules: ["4.12"],
    claim: "a timer for an instant that has passed is ready.",
    expect: { exit: 0 },
  },
  {
    name: "timer-not-early",
    rules: ["4.12"],
    claim: "neither a duration nor an instant fires before its time.",
    expect: { exit: 0 },
  },
  {
    name: "thousand-timers",
    rules: ["4.5", "4.12"],
    claim: "a thousand timers all fire, and none before its time.",
    expect: { exit: 0 },
  },
  {
    name: "drop-pollables-any-order",
    rules: ["4.10"],
    claim: "pollables can be dropped in any order, also while others of the same stream live.",
    stdin: { kind: "stalled" },
    expect: { exit: 0 },
  },
  {
    name: "stdin-idle-not-ready",
    rules: ["2.5", "4.1", "7.2c"],
    claim: "the pollable of an idle stdin is not ready.",
    stdin: { kind: "stalled" },
    expect: { exit: 0 },
  },
  // Section 5: errors.
  {
    name: "error-outlives-stream",
    rules: ["5.1", "5.2"],
    claim: "an error can be used after its stream has been dropped.",
    stdout: { kind: "failing", afterBytes: 5000 },
    expect: { exit: 0 },
  },
  {
    name: "error-debug-string",
    rules: ["5.1"],
    claim: "an error says something.",
    stdout: { kind: "failing", afterBytes: 5000 },
    expect: { exit: 0 },
  },
  {
    name: "error-dropped",
    rules: ["1.2", "5.2"],
    claim: "an error that has been dropped cannot be used, which traps.",
    stdout: { kind: "failing", afterBytes: 5000 },
    expect: { trap: "handle" },
  },
  {
    name: "error-code-downcast",
    rules: ["5.3"],
    claim:
      'any stream error can be asked for its filesystem error code. Prints the code (its position in the enum) or "none" on stderr.',
    stdout: { kind: "failing", afterBytes: 5000 },
    expect: { exit: 0 },
  },
  // Section 7: standard streams, environment, exit.
  {
    name: "two-stdout-handles-keep-order",
    rules: ["7.1", "6.8"],
    claim: "what two handles of stdout write comes in the order of their writes.",
    stdout: { kind: "slow" },
    expect: { exit: 0 },
    stdoutText: "abababababababababab",
  },
  {
    name: "stdout-handle-per-call",
    rules: ["7.1"],
    claim: "every call of get-stdout gives a handle of its own; dropping one leaves the others.",
    expect: { exit: 0 },
    stdoutText: "one two",
  },
  {
    name: "exit-code",
    rules: ["7.9"],
    claim: "exit-with-code ends the guest at once with that code: the argument.",
    args: ["exit-code", "0"],
    expect: { exit: 0 },
  },
  {
    name: "exit-code",
    rules: ["7.9"],
    claim: "exit-with-code ends the guest at once with that code: the argument.",
    args: ["exit-code", "7"],
    expect: { exit: 7 },
  },
  {
    name: "exit-code",
    rules: ["7.9"],
    claim: "exit-with-code ends the guest at once with that code: the argument.",
    args: ["exit-code", "255"],
    expect: { exit: 255 },
  },
  {
    name: "exit-ok",
    rules: ["7.9"],
    claim: "exit(ok) ends the guest at once with exit code 0.",
    expect: { exit: 0 },
  },
  {
    name: "exit-err",
    rules: ["7.9"],
    claim: "exit(err) ends the guest at once with exit code 1.",
    expect: { exit: 1 },
  },
  {
    name: "run-returns-err",
    rules: ["7.9"],
    claim: "a run that returns err gives exit code 1.",
    expect: { exit: 1 },
  },
  {
    name: "args-env",
    rules: ["7.6"],
    claim: "arguments and environment arrive whole and in order. Prints one a line.",
    args: ["args-env", "one", "two words", "", "ünï ☃"],
    env: { A: "1", EMPTY: "", SNOW: "☃" },
    expect: { exit: 0 },
    stdoutText: "args-env\none\ntwo words\n\nünï ☃\nA=1\nEMPTY=\nSNOW=☃\n",
  },
  {
    name: "terminals-none",
    rules: ["7.7"],
    claim: "streams that are not terminals do not claim to be.",
    expect: { exit: 0 },
  },
  {
    name: "prompt-before-read",
    rules: ["7.5"],
    claim: "a prompt that was flushed is out while the guest waits for stdin.",
    stdin: { kind: "late", chunks: ["yes"] },
    expect: { exit: 0 },
    stdoutText: "> yes",
  },
  {
    name: "clocks-monotonic",
    rules: ["4.12"],
    claim: "the monotonic clock never goes back, goes on during a wait, and has a resolution.",
    expect: { exit: 0 },
  },
  {
    name: "wall-clock-sane",
    rules: ["7.6"],
    claim: "the wall clock shows a time of this century, in seconds and nanoseconds.",
    expect: { exit: 0 },
  },
  {
    name: "random-lengths",
    rules: ["7.6"],
    claim: "random bytes come in every length asked for, and differ each time.",
    expect: { exit: 0 },
  },
  {
    name: "insecure-random",
    rules: ["7.6"],
    claim: "insecure random bytes come in every length asked for, and differ each time.",
    expect: { exit: 0 },
  },
];

const smallTree: readonly Entry[] = [
  { kind: "file", path: "/work/file", text: "hello" },
  { kind: "file", path: "/work/sub/inner", text: "1" },
  { kind: "link", path: "/work/link", target: "file" },
];

export const filesystemClaims: readonly FilesystemClaim[] = [
  {
    name: "fs-streams",
    rules: ["8.1", "8.2", "8.3", "8.4", "8.5"],
    claim: "each stream of a file has a position of its own, and needs no descriptor any more.",
    directories: { "/work": "rw" },
    after: [
      { kind: "file", path: "/work/write", text: "01abc567yz!?\0\0\0\0end" },
      { kind: "file", path: "/work/append", text: "!ad\0\0e" },
    ],
    expect: { exit: 0 },
  },
  {
    name: "fs-errors",
    rules: [],
    claim: "what each call says to each kind of path.",
    directories: { "/work": "rw" },
    expect: { exit: 0 },
    stdout: { file: "fs-errors.expected.txt" },
  },
  {
    name: "fs-open-flags",
    rules: [],
    claim: "open-at, for each kind of object and all combinations of its flags.",
    directories: { "/work": "rw" },
    expect: { exit: 0 },
    stdout: { file: "fs-open-flags.expected.txt" },
  },
  {
    name: "fs-readonly",
    rules: ["8.1"],
    claim: "below a read-only preopened directory everything can be read, and nothing changed.",
    directories: { "/work": "ro" },
    before: smallTree,
    after: smallTree,
    expect: { exit: 0 },
  },
  {
    name: "fs-links",
    rules: [],
    claim: "links are made, read and followed; none leads out of the preopened directory.",
    directories: { "/work": "rw" },
    before: [
      { kind: "file", path: "/secret", text: "secret" },
      { kind: "link", path: "/work/outside", target: "../secret" },
      { kind: "link", path: "/work/absolute", target: "/etc" },
      { kind: "link", path: "/work/sub/back", target: "../file" },
    ],
    after: [
      { kind: "file", path: "/secret", text: "secret" },
      { kind: "hard-link", path: "/work/hard", of: "/work/sub/hard" },
      { kind: "link", path: "/work/dangling", target: "none" },
    ],
    expect: { exit: 0 },
  },
  {
    name: "fs-times",
    rules: [],
    claim: "set-times and set-times-at set what they are told to, and stat shows it.",
    directories: { "/work": "rw" },
    expect: { exit: 0 },
  },
  {
    name: "fs-stat",
    rules: [],
    claim: "stat, stat-at, get-type and the entries of a directory tell the same about an object.",
    directories: { "/work": "rw" },
    before: [
      ...smallTree,
      { kind: "hard-link", path: "/work/hard", of: "/work/file" },
      { kind: "file", path: "/work/empty", text: "" },
    ],
    expect: { exit: 0 },
  },
  {
    name: "fs-hash",
    rules: [],
    claim: "is-same-object and metadata-hash tell objects apart, and know one by all its names.",
    directories: { "/work": "rw" },
    expect: { exit: 0 },
  },
  {
    name: "fs-leak",
    rules: ["1.2"],
    claim: "a guest that opens a file ever again and drops nothing traps at the limit.",
    directories: { "/work": "rw" },
    expect: { trap: "resources" },
    limits: { resources: 200 },
  },
  // With libc or the standard library of another language, through the preview1 adapter.
  {
    name: "files-c",
    rules: [],
    claim: "an ordinary C program finds what the C library promises.",
    args: ["files-c", "/work"],
    directories: { "/work": "rw" },
    expect: { exit: 0 },
    stdout:
      "mkdir tree tree/sub\nwrite tree/a.txt 10 bytes\nappend tree/a.txt 16 bytes\nseek tree/a.txt 21 bytes\n" +
      "truncate tree/a.txt\nlarge tree/large 655360 bytes\nrename\nreaddir tree: a.txt large moved\n" +
      "readdir tree/moved: a z ünï ☃\nstat\nlinks\nunlink and rmdir\n",
  },
  {
    name: "files-rust",
    rules: [],
    claim: "an ordinary Rust program finds what std promises.",
    args: ["files-rust", "/work"],
    directories: { "/work": "rw" },
    expect: { exit: 0 },
    stdout:
      "create_dir_all a/b/c\nwrite and read 4 bytes\nappend 14 bytes\nopen errors\nseek and set_len\n" +
      "large 800000 bytes\ncopy 7 bytes\nrename\nmetadata\nwalk a\nwalk a/one.txt\nwalk d\nwalk d/c\n" +
      "walk d/c/moved.txt\nwalk d/ünï ☃\nwalk large\nremove_dir_all\n",
  },
  {
    name: "files-go",
    rules: [],
    claim: "an ordinary Go program finds what its standard library promises.",
    args: ["files-go", "/work"],
    directories: { "/work": "rw" },
    expect: { exit: 0 },
    stdout:
      "MkdirAll a/b/c\nWriteFile and ReadFile\nappend\nopen errors\nSeek and Truncate\nlarge 800000 bytes\n" +
      "Rename\nStat\nWalkDir . true\nWalkDir a true\nWalkDir d true\nWalkDir d/c true\n" +
      "WalkDir d/c/moved.txt false\nWalkDir d/ünï ☃ false\nWalkDir large false\nRemoveAll\n",
  },
  {
    name: "cat-files",
    rules: [],
    claim: "files of two directories come one after the other, and what cannot be read is told.",
    args: ["cat-files", "/one/a", "/two/b", "/two/none", "/one/link"],
    directories: { "/one": "ro", "/two": "rw" },
    before: [
      { kind: "file", path: "/one/a", text: "first\n" },
      { kind: "link", path: "/one/link", target: "a" },
      { kind: "file", path: "/two/b", text: "second\n" },
    ],
    expect: { exit: 1 },
    stdout: "first\nsecond\nfirst\n",
    stderrText: "/two/none: No such file or directory\n",
  },
  {
    name: "ls",
    rules: [],
    claim: "a directory is listed with types and sizes.",
    args: ["ls", "/work"],
    directories: { "/work": "ro" },
    before: [...smallTree, { kind: "file", path: "/work/ünï ☃", text: "☃" }],
    expect: { exit: 0 },
    stdout: "file 5 file\nlink link\ndirectory sub\nfile 3 ünï ☃\n",
  },
  {
    name: "cp",
    rules: [],
    claim: "a file is copied from one directory to another.",
    args: ["cp", "/one/a", "/two/b"],
    directories: { "/one": "ro", "/two": "rw" },
    before: [
      { kind: "file", path: "/one/a", text: "0123456789".repeat(10_000) },
      { kind: "file", path: "/two/b", text: "what was there before" },
    ],
    after: [{ kind: "file", path: "/two/b", text: "0123456789".repeat(10_000) }],
    expect: { exit: 0 },
  },
  {
    name: "cp",
    rules: [],
    claim: "a file is not copied into a read-only directory.",
    args: ["cp", "/one/a", "/two/b"],
    directories: { "/one": "ro", "/two": "ro" },
    before: [{ kind: "file", path: "/one/a", text: "a" }],
    expect: { exit: 1 },
    stderrText: "/two/b: Operation not permitted\n",
  },
];

export const programs: readonly Program[] = [
  // With libc, through the preview1 adapter (which knows only the exit codes 0 and 1).
  { name: "hello", usage: "hello" },
  { name: "echo", usage: "echo [WORD...]: prints the words" },
  { name: "env", usage: "env: prints the environment, one NAME=VALUE a line" },
  { name: "cat", usage: "cat < INPUT > OUTPUT: copies through libc's buffers" },
  { name: "wc", usage: "wc < INPUT: prints the numbers of lines, words and bytes" },
  { name: "exit-status", usage: "exit-status CODE: prints `leaving` unflushed, then exit(CODE)" },
  {
    name: "libc-write-error",
    usage: "libc-write-error > OUTPUT: writes until that fails; why on stderr, exit 1",
  },
  { name: "cat-files", usage: "cat-files [FILE...]: copies the files to stdout" },
  { name: "cp", usage: "cp FROM TO: copies a file" },
  { name: "ls", usage: "ls [DIRECTORY]: prints type, size and name of each entry, sorted" },
  {
    name: "fs-fill",
    usage: "fs-fill: fills the disk of its first directory; prints `BYTES bytes: ERROR-CODE`, removes the file",
  },
  {
    name: "fs-leak",
    usage: "fs-leak: opens a file in its first directory until that fails; prints `COUNT: ERROR-CODE`",
  },
  // Without libc. The reference stream is the 32-bit little-endian numbers 0, 1, 2, ...
  { name: "copy-loop", usage: "copy-loop < INPUT > OUTPUT: copies by read, check-write, write" },
  {
    name: "say-then-ask",
    usage: "say-then-ask [COUNT] < INPUT > OUTPUT: writes and does not flush, then waits for an answer",
  },
  { name: "copy-splice", usage: "copy-splice < INPUT > OUTPUT: copies by blocking-splice" },
  { name: "copy-bwf", usage: "copy-bwf < INPUT > OUTPUT: copies by blocking-write-and-flush" },
  {
    name: "writer",
    usage:
      "writer [TOTAL [CHUNK]] > OUTPUT: writes TOTAL bytes of the reference stream in a permit " +
      "loop; on stderr `writes N zero-permits N`",
  },
  {
    name: "writer-bwf",
    usage: "writer-bwf [TOTAL [CHUNK]] > OUTPUT: the same by blocking-write-and-flush of up to 4096",
  },
  {
    name: "never-flushes",
    usage: "never-flushes [TOTAL] > OUTPUT: writes TOTAL bytes and returns without a flush",
  },
  { name: "wait", usage: "wait < INPUT: waits for the end of INPUT, in one page of memory" },
  {
    name: "bench-calls",
    usage: "bench-calls [WHAT [COUNT [MS]]] < /dev/zero > /dev/null: prints `name ns` lines on stderr",
  },
  {
    name: "bench-write",
    usage: "bench-write permit|flush TOTAL SIZE: writes bytes of one value, prints `ns` and how many on stderr",
  },
  { name: "trap-now", usage: "trap-now: traps in outer_step > middle_step > innermost_step" },
  {
    name: "multi-export",
    usage: "(a library) exports sluice:guests/demo: add, greet, wait-ns, say",
  },
  { name: "old-version", usage: "old-version: prints a greeting, imports WASI 0.2.0" },
  { name: "missing-import", usage: "missing-import: imports vendor:missing/thing@1.2.3" },
];
