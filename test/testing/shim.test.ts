/**
 * The checks on somebody else's streams: stdin and stdout of preview2-shim 0.26.1, over pipes, and its TCP. What it breaks is listed
 * with the reason, and a listed rule that it keeps breaks the run as much as another that it breaks. Our own modules, as
 * they take the place of preview2-shim in what jco transpiles, are tried in the same way, and break nothing.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  checkInputStream,
  checkOutputStream,
  CONNECTION_RULES,
  INPUT_STREAM_RULES,
  OUTPUT_STREAM_RULES,
  type Rule,
} from "../../src/testing/index.ts";
import { memoryInput, memoryOutput } from "./fixtures.ts";
import { tryOn, type Tried } from "./processes.ts";

/** The rules that are broken, word for word, and why. */
type Broken = readonly (readonly [rule: string, claim: string, reason: string])[];

const NO_BOUND = "stdout's permit is the highWaterMark less what a stream in its worker holds, which nobody writes to";
const NO_PERMIT = "write on stdout goes to Node's stream whatever its size and whatever was permitted";
const NO_EPIPE = "an error of Node's stdout is handled by nobody, and ends the process";
const NO_SPLICE = "splice reads a private member of another class, and throws a TypeError";

const BROKEN_OUTPUT: Broken = [
  ["3.1", "a reader that stalls stops the writer", NO_BOUND],
  ["3.1", "a writer that was stopped goes on when the reader does", NO_BOUND],
  ["3.2", "a write of one byte more than the permit traps", NO_PERMIT],
  [
    "3.2",
    "everything arrives in the order of the calls, whatever wrote it",
    "zeroes go another way than bytes, by the worker",
  ],
  ["3.2", "what a stalled reader did not take arrives whole and in order", NO_BOUND],
  ["3.2", "on a closed stream, an oversized write is closed and no trap", NO_EPIPE],
  ["3.3", "a write without a check-write traps", NO_PERMIT],
  ["3.4", "a permit is for one write", NO_PERMIT],
  ["3.5", "flush permits nothing, and is not ready, until it is complete", NO_BOUND],
  ["3.5", "flush may be repeated while it is under way", NO_BOUND],
  ["3.5", "flush takes back the permit", NO_PERMIT],
  ["3.6", "a write while a flush is under way traps", NO_BOUND],
  ["3.8", "blocking-write-and-flush of 4097 bytes traps", "the limit of 4096 is not enforced"],
  ["3.9", "write-zeroes of more than is permitted traps", NO_BOUND],
  ["3.9", "write-zeroes(u64::MAX) traps", "it ends the process instead of the guest"],
  ["3.10", "blocking-write-zeroes-and-flush of 4097 traps", "the limit of 4096 is not enforced"],
  ["3.11", "splice moves what is there, at most as much as was asked for", NO_SPLICE],
  ["3.11", "splice of a source that has nothing now moves nothing", NO_SPLICE],
  ["3.11", "splice of a source at its end is closed", NO_SPLICE],
  ["3.11", "splice without a permit leaves the source as it is", NO_BOUND],
  [
    "3.12",
    "blocking-splice moves at most as much as was asked for",
    "blocking-splice does not wait for an idle source",
  ],
  ["3.12", "blocking-splice of a source at its end is closed", "blocking-splice does not tell the end of the source"],
  ["3.14", "ready and check-write agree on a full stream, and when it drains", NO_BOUND],
  ["7.4", "a reader that goes away is closed, and not a failure", NO_EPIPE],
];

const BROKEN_INPUT: Broken = [
  ["2.4", "skip gives a number, and the next read goes on after it", "skip gives the bytes instead of their number"],
  ["2.4", "blocking-skip gives a number, and the next read goes on after it", "as skip"],
  ["2.5", "ready says no while there is nothing, and yes when there is", "the pollable of an idle stdin is ready"],
  ["2.5", "what is ready gives something", "the pollable of an idle stdin is ready"],
];

const DESTROYED = "shutdown of either direction destroys the connection, with what was written and what is answered";
const NOT_SENT = "the last writes before the socket goes are not waited for";

const BROKEN_CONNECTION: Broken = [
  ["2.5", "an input is ready exactly when there is something to read", "the pollable of an idle connection is ready"],
  ["3.1", "a slow reader gets everything, and the writer keeps its pace", DESTROYED],
  ["3.5", "a flush is complete when the system has all, and permits nothing before", "flush blocks the thread"],
  ["9.8", "shutdown(send) closes the output at once, and the other end reads up to the end", DESTROYED],
  ["9.8", "who has ended one direction goes on with the other", DESTROYED],
  ["9.8", "shutdown(send) delivers what is buffered first", DESTROYED],
  ["9.8", "shutdown(receive) closes the input at once, with what has arrived", DESTROYED],
  ["9.8", "both ends may end at the same time", DESTROYED],
  ["9.9", "an end that is dropped while its peer does not read sends all that it holds", NOT_SENT],
  ["9.9", "who writes to an end that was dropped finds the output closed", "the failure is told again and again"],
];

/** What is lost only if it has not been sent by then: a machine that is busy may be late enough for the rule to be kept. */
const RACES: ReadonlySet<string> = new Set([DESTROYED, NOT_SENT]);

/** Fails, with all differences, unless something was tried and exactly the rules of `list` are broken, apart from races. */
function expectBroken(tried: readonly Tried[], list: Broken): void {
  const found = ({ rule, claim }: Rule): Broken[number] | undefined =>
    list.find(([number, text]) => number === rule && text === claim);
  const listed = (rule: Rule): boolean => found(rule) !== undefined;
  const isRace = (rule: Rule): boolean => RACES.has(found(rule)?.[2] ?? "");
  const differences = [
    ...tried
      .filter((rule) => rule.outcome === "broken" && !listed(rule))
      .map(({ rule, claim, message }) => `${rule} ${claim}: broken, and not listed: ${message}`),
    ...tried
      .filter((rule) => rule.outcome !== "broken" && listed(rule) && !isRace(rule))
      .map(({ rule, claim, outcome }) => `${rule} ${claim}: listed as broken, but it is ${outcome}`),
    ...list
      .filter(([number, text]) => !tried.some(({ rule, claim }) => rule === number && claim === text))
      .map(([number, text]) => `${number} ${text}: listed, but there is no such rule`),
  ];
  assert.ok(tried.some(({ outcome }) => outcome === "kept"));
  assert.equal(differences.join("\n"), "");
}

// A pipe cannot be made to fail in any other way than by going away.
const OUTPUT_RULES = OUTPUT_STREAM_RULES.filter(({ rule }) => rule !== "3.16");
const INPUT_RULES = INPUT_STREAM_RULES.filter(({ rule }) => rule !== "2.6");
const FAILURE = OUTPUT_STREAM_RULES.filter(({ claim }) => claim === "a failure is reported once, then closed");

test("preview2-shim's stdout breaks the rules that are listed, and no others", async () => {
  expectBroken(await tryOn("shim", "output", OUTPUT_RULES), BROKEN_OUTPUT);
});

test("preview2-shim's stdin breaks the rules that are listed, and no others", async () => {
  expectBroken(await tryOn("shim", "input", INPUT_RULES), BROKEN_INPUT);
});

test("3.16 preview2-shim's stdout on a full device ends the process", async () => {
  const [tried] = await tryOn("shim", "output", FAILURE, "full");
  assert.equal(tried?.outcome, "broken");
  assert.match(tried.message, /ends the process/);
});

// Our streams hold the thread whenever they have to wait there, so that nothing can be seen of what they do meanwhile:
// what is left is what can be tried on any stream with these controls alone.

test("our stdout in its place breaks none", async () => {
  const { kept } = await checkOutputStream(() => {
    const { stream, arrived, leave } = memoryOutput();
    return { stream, holdsThread: true, ...(arrived && { arrived }), ...(leave && { leave }) };
  });
  expectBroken(await tryOn("sluice", "output", kept), []);
});

test("our stdin in its place breaks none", async () => {
  const { kept } = await checkInputStream(() => {
    const { stream, supply, end } = memoryInput();
    return { stream, supply, end, holdsThread: true };
  });
  expectBroken(await tryOn("sluice", "input", kept), []);
});

test("3.16 our stdout on a full device reports the failure once, then is closed", async () => {
  const [tried] = await tryOn("sluice", "output", FAILURE, "full");
  assert.deepEqual(tried, { ...FAILURE[0], outcome: "kept", message: "" });
});

test("preview2-shim's connections break the rules that are listed, and no others", async () => {
  // To fill what the system holds it exchanges thousands of messages with its thread: a busy machine takes it for a hang.
  const rules = CONNECTION_RULES.filter(({ claim }) => !claim.startsWith("a peer that does not read stops the writer"));
  expectBroken(await tryOn("shim", "connection", rules), BROKEN_CONNECTION);
});
