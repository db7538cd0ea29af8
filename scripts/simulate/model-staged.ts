/** Where small writes may be held together (3.2). */
import { byteOf, type Answer, type Call } from "./calls.ts";
import { Content } from "./content.ts";
import { pollablesOf, type State } from "./model.ts";

/** Bytes that may be held together in one stream's place, and the largest write that may be. */
const MOST_STAGED = 16 * 1024;
const PIECE_BYTES = 4096;

/** The answers to a call where bytes may be held together, in the place of its stream (3.2): none if they may not. */
export function stagedAnswer(state: State, call: Call): Answer | undefined {
  const { name, a } = call;
  const pollable = state.slots[a];
  switch (name) {
    case "check-write":
    case "write":
    case "write-raw":
      return stagedOutput(state, call);
    case "ready":
    case "block":
      if (pollable?.is !== "pollable" || pollable.of !== state.stagedSlot || !hasStagedRoom(state)) return undefined;
      return { status: "ok", count: name === "ready" ? 1 : 0, hash: 0 };
    case "poll": {
      const list = pollablesOf(a).filter((slot) => state.slots[slot]);
      const [only] = list;
      const found = only === undefined ? undefined : state.slots[only];
      if (list.length !== 1 || (a & 256) !== 0 || found?.is !== "pollable" || found.of !== state.stagedSlot) {
        return undefined;
      }
      return hasStagedRoom(state) ? { status: "ok", count: 1, hash: 0 } : undefined;
    }
    default:
      return undefined;
  }
}

function hasStagedRoom(state: State): boolean {
  const found = state.slots[state.stagedSlot];
  return state.staged.length > 0 && found?.is === "output" && state.outletOf(found).room > state.staged.length;
}

function stagedOutput(state: State, { name, a: slot, b: bytes, c: serial }: Call): Answer | undefined {
  const stream = state.output(slot);
  const outlet = state.outletOf(stream);
  if (state.setup.budget) return undefined;
  const held = state.staged.length;
  if (held > 0 && state.stagedSlot !== slot) return undefined;
  const room = outlet.room - held;
  if (name === "check-write") {
    if (held === 0 || room <= 0) return undefined;
    stream.granted = room;
    state.permits[slot] = room;
    return { status: "ok", count: room, hash: 0 };
  }
  const count = name === "write" ? Math.min(bytes, state.permits[slot] ?? 0) : bytes;
  if (outlet.state !== "open" || stream.isFlushing || count === 0 || count > stream.granted) return undefined;
  if (count > PIECE_BYTES || held + count > MOST_STAGED) return undefined;
  const written = Content.of(count, (index) => byteOf(serial, index));
  [state.staged, state.stagedSlot] = [state.staged.plus(written), slot];
  stream.granted = 0;
  state.permits[slot] = 0;
  return { status: "ok", count, hash: 0 };
}
