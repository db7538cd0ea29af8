/** Section 4: pollables and clocks. */
import type { Claim } from "./claim.ts";

export const polling: readonly Claim[] = [
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
];
