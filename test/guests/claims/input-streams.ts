/** Section 2: input streams. */
import type { Claim } from "./claim.ts";

export const inputStreams: readonly Claim[] = [
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
];
