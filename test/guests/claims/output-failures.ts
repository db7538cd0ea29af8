/** Section 3: output streams whose sink fails, or is gone. */
import type { Claim } from "./claim.ts";

export const outputFailures: readonly Claim[] = [
  {
    name: "bwf-empty-closed",
    rules: ["3.8"],
    claim: "blocking-write-and-flush of 0 bytes on a closed stream is closed.",
    stdout: { kind: "closing", afterBytes: 1000 },
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
    name: "splice-failed-source",
    rules: ["2.6", "3.11"],
    claim: "splice from a source that has failed reports that once, then closed; the destination stays open.",
    stdin: { kind: "failing", after: "abc" },
    expect: { exit: 0 },
    stdoutText: "still open",
  },
];
