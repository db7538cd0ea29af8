/** Section 1: handles, children, limits. */
import type { Claim } from "./claim.ts";

export const general: readonly Claim[] = [
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
];
