/** Holds what came of a trace against the oracle. */
import { byteOf, writes, type Answer, type Call, type Setup } from "./calls.ts";
import { ending, State } from "./model.ts";
import { Ended, Guest, Waits } from "./model-guest.ts";
import { stagedAnswer } from "./model-staged.ts";
import type { Entry, Record } from "./record.ts";

type Calls = Entry & { readonly is: "calls" };

/** More states than this at a time say that the oracle is not sharp any more. */
const MOST_STATES = 500;

/**
 * What is wrong with `record`; nothing if all is as it has to be.
 *
 * @param mayHold Whether small writes may be held together (3.2).
 */
export function wrong(setup: Setup, record: Record, mayHold: boolean): string | undefined {
  let states = [new State(setup)];
  for (const [index, entry] of record.entries.entries()) {
    const before = states;
    states = entry.is === "calls" ? after(states, entry, mayHold) : states.map((state) => happened(state, entry));
    if (states.length === 0) return `step ${index}: ${explained(before, entry)}`;
    if (states.length > MOST_STATES) return `step ${index}: ${states.length} states`;
    const arrived = states.filter((state) => entry.taken.every((taken, at) => taken === state.outlets[at]?.sink.taken));
    if (arrived.length === 0) {
      const meant = states.map(({ outlets }) => outlets.map(({ sink }) => sink.taken).join("+"));
      return `step ${index}: the sinks have ${entry.taken.join("+")} bytes, expected ${[...new Set(meant)].join(" or ")}`;
    }
    states = arrived;
  }
  return wrongAtEnd(states, record);
}

function happened(state: State, entry: Entry): State {
  if (entry.is === "happening") state.happen(entry.happening);
  return state;
}

/** The states that may be after these calls. */
function after(before: readonly State[], entry: Calls, mayHold: boolean): State[] {
  const { outcome, calls, during } = entry;
  let states = before.map((state) => Object.assign(state.clone(), { cursor: 0 }));
  const ended: State[] = [];
  for (const [index, call] of calls.entries()) {
    const answer = outcome.is === "answered" ? outcome.answers[index] : undefined;
    const next: State[] = [];
    for (const { state, staged } of states.flatMap((each) => alternatives(each, call, entry, mayHold))) {
      const made: Made = staged ? { is: "answered", answer: staged, hasWaited: false } : answered(state, call, entry);
      if (made.is === "ended" && outcome.is === "ended" && ending(state, made.how, during) === outcome.how)
        ended.push(state);
      if (made.is !== "answered") continue;
      if (answer && !isSame(answer, made.answer)) continue;
      next.push(state);
      // Whether others had their turn before the guest goes on is nobody's business.
      if (!made.hasWaited) continue;
      next.push(settled(state.clone()));
    }
    states = distinct(next);
  }
  if (outcome.is === "ended") return ended;
  if (outcome.is === "stuck") return [];
  // What is left over came to pass while the guest should have been awake.
  return states.filter(({ cursor }) => cursor === during.length).map(settled);
}

/** For the most part there is one, of which nobody has to know how it is told from others. */
function distinct(states: readonly State[]): State[] {
  return states.length < 2 ? [...states] : [...new Map(states.map((state) => [state.key, state])).values()];
}

function settled(state: State): State {
  state.settle();
  return state;
}

interface Alternative {
  readonly state: State;
  /** What is answered in the stream's place. */
  readonly staged: Answer | undefined;
}

/** Where the contract leaves a choice before a call. */
function alternatives(state: State, call: Call, { gaveWay }: Calls, mayHold: boolean): Alternative[] {
  const all = gaveWay ? [state, settled(state.clone())] : [state];
  if (!mayHold || !Guest.fits(state, call)) return all.map((each) => ({ state: each, staged: undefined }));
  return all.flatMap((each) => {
    const held = each.clone();
    const staged = stagedAnswer(held, call);
    each.unstage();
    const direct = { state: each, staged: undefined };
    return staged ? [direct, { state: held, staged }] : [direct];
  });
}

type Made =
  | { readonly is: "answered"; readonly answer: Answer; readonly hasWaited: boolean }
  | { readonly is: "ended"; readonly how: string }
  | { readonly is: "waits" };

const SKIPPED: Made = { is: "answered", answer: { status: "skipped", count: 0, hash: 0 }, hasWaited: false };

function answered(state: State, call: Call, { during }: Calls): Made {
  if (!Guest.fits(state, call)) return SKIPPED;
  try {
    const guest = new Guest(state, during);
    const answer = guest.answer(call);
    return { is: "answered", answer, hasWaited: guest.hasWaited };
  } catch (error) {
    if (error instanceof Ended) return { is: "ended", how: error.how };
    if (error instanceof Waits) return { is: "waits" };
    throw error;
  }
}

function isSame(seen: Answer, meant: Answer): boolean {
  if (seen.status !== meant.status) return false;
  return seen.status !== "ok" || (seen.count === meant.count && (meant.hash === 0 || seen.hash === meant.hash));
}

function explained(before: readonly State[], entry: Entry): string {
  if (entry.is === "happening") return "nothing is left";
  const { outcome, calls, during } = entry;
  const seen =
    outcome.is === "answered"
      ? outcome.answers.map(({ status, count }, index) => `${calls[index]?.name ?? "?"}: ${status} ${count}`).join(", ")
      : outcome.is === "ended"
        ? `the guest ended: ${outcome.how}`
        : "the guest waits for ever";
  const [state] = before;
  return `${seen}; expected ${state ? expected(state.clone(), calls, entry) : "?"}; meanwhile ${during
    .slice(0, 20)
    .map(({ event }) => event)
    .join(" ")}`;
}

function expected(state: State, calls: readonly Call[], entry: Calls): string {
  state.cursor = 0;
  const said: string[] = [];
  for (const call of calls) {
    const made = answered(state, call, entry);
    said.push(
      made.is === "answered" ? `${made.answer.status} ${made.answer.count}` : made.is === "ended" ? made.how : made.is,
    );
    if (made.is !== "answered") break;
  }
  return `${said.join(", ")} with ${state.cursor} of ${entry.during.length} happenings`;
}

/** The end: all is delivered or reported lost, and nothing is held. */
function wrongAtEnd(before: readonly State[], { entries, remains }: Record): string | undefined {
  if (!remains.isDone) return "the end: it never comes";
  if (remains.held.length > 0) return `the end: ${remains.held.join(", ")}`;
  const reasons = before.map((state) => wrongIn(state, remains, entries));
  return reasons.includes(undefined) ? undefined : `the end: ${reasons[0]}`;
}

function wrongIn(state: State, remains: Record["remains"], entries: readonly Entry[]): string | undefined {
  state.cursor = 0;
  if (ending(state, "closed", remains.during) === undefined) return "what was written is delivered at another time";
  // What was under way when the guest was aborted still ends.
  while (state.disk.underway.length > 0) state.happen({ event: "disk" });
  const inFile = wrongInFile(state.disk.content.bytes, remains.file);
  if (inFile !== undefined) return inFile;
  for (const [at, outlet] of state.outlets.slice(0, 2).entries()) {
    const bytes = remains.delivered[at] ?? new Uint8Array(0);
    if (bytes.length !== outlet.sink.taken)
      return `sink ${at} has ${bytes.length} bytes, expected ${outlet.sink.taken}`;
    if (outlet.end === "closed" && bytes.length !== outlet.accepted) {
      return `sink ${at} has ${bytes.length} bytes of ${outlet.accepted}, and nothing was reported`;
    }
    if (remains.ends[at] !== outlet.end) return `sink ${at} was ${remains.ends[at]}, expected ${outlet.end}`;
  }
  return wrongBytes(remains, entries);
}

function wrongInFile(meant: Uint8Array, seen: Uint8Array): string | undefined {
  if (seen.length !== meant.length) return `the file has ${seen.length} bytes, expected ${meant.length}`;
  const at = meant.findIndex((byte, index) => byte !== seen[index]);
  return at < 0 ? undefined : `the file has other bytes than were written, from ${at} on`;
}

/** Whether the bytes are those that were written, in their order: where that is simple to say. */
function wrongBytes({ delivered }: Record["remains"], entries: readonly Entry[]): string | undefined {
  const slots: (number | undefined)[] = [];
  const written: number[][] = [[], []];
  for (const entry of entries) {
    if (entry.is !== "calls") continue;
    const { outcome, calls } = entry;
    if (outcome.is !== "answered") return undefined;
    for (const [index, call] of calls.entries()) {
      const answer = outcome.answers[index];
      if (!answer || answer.status === "skipped") continue;
      if (call.name === "get-stdout" || call.name === "get-stderr") slots[call.a] = call.name === "get-stdout" ? 0 : 1;
      if (call.name === "drop" || call.name.startsWith("open-")) slots[call.a] = undefined;
      const into = written[slots[call.a] ?? -1];
      // Of what fails in the middle, and of what comes from the input, something else knows.
      if (answer.status !== "ok" || (call.name.endsWith("splice") && answer.count > 0)) {
        if (call.a < 4) return undefined;
        continue;
      }
      if (!into || !writes(call.name)) continue;
      const isZeroes = call.name.includes("zeroes");
      for (let at = 0; at < answer.count; at++) into.push(isZeroes ? 0 : byteOf(call.c, at));
    }
  }
  for (const [at, bytes] of delivered.entries()) {
    const wrongAt = bytes.findIndex((byte, index) => byte !== written[at]?.[index]);
    if (wrongAt >= 0) return `sink ${at} has other bytes than were written, from ${wrongAt} on`;
  }
  return undefined;
}
