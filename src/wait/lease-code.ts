/** The WebAssembly that works on the state of a lease: see `Lease`. */
import { call, codeOf, constant, get, unsigned } from "../abi/encode.ts";
import {
  BYTES,
  CALLS,
  GRANTED,
  HOLDER,
  MOST_STAGED,
  POLLABLE,
  POLLS,
  ROOM,
  STAGED,
  STREAM,
  type FrontName,
} from "./lease-state.ts";

/** A larger write goes to its stream at once: there it is not copied, and one call for so much costs little. */
const PIECE_BYTES = 4096;

// Memory 0 is that of the leases, memory 1 the guest's.
const MEMORY_SIZE = [0x3f, 0x01];
const I32_EQZ = 0x45;
const I32_NE = 0x47;
const I32_GT_U = 0x4b;
const I32_ADD = 0x6a;
const I32_SUB = 0x6b;
const I32_AND = 0x71;
const I32_SHL = 0x74;
const I64_ADD = 0x7c;
const I64_SHL = 0x86;
const I64_GT_U = 0x56;
const I64_EXTEND_I32_U = 0xad;
const RETURN = 0x0f;

type Code = readonly number[];

const ZERO: Code = constant(0);
const load = (field: number): Code => codeOf(ZERO, 0x28, 0x02, unsigned(field));
const store = (field: number, value: Code): Code => codeOf(ZERO, value, 0x36, 0x02, unsigned(field));
const storeInGuest = (place: Code, offset: number, value: Code): Code => codeOf(place, value, 0x36, 0x42, 0x01, offset);
const tee = (local: number): Code => [0x22, local];

/** Leaves the block, and so goes the slow way, if `condition` holds. */
const slowIf = (...condition: readonly (number | Code)[]): Code => codeOf(codeOf(...condition), 0x0d, 0x00);
/** The lease is open, it stands for what `handle` says, and the guest may make another call. Leaves `calls` in a local. */
const slowUnlessMine = (field: number, handle: Code, calls: number): Code =>
  codeOf(
    slowIf(load(HOLDER), 0x23, 0x00, I32_NE),
    // No handle is 0.
    slowIf(handle, I32_EQZ),
    slowIf(load(field), handle, I32_NE),
    slowIf(load(CALLS), tee(calls), I32_EQZ),
  );
/** `size` bytes there are aligned and inside the guest's memory. If not, the slow way says what is wrong. */
const slowUnlessPlace = (place: Code, size: number, align: number): Code =>
  codeOf(
    slowIf(place, constant(align - 1), I32_AND),
    // The size as an i32 is 0 for 4 GiB, and what is subtracted from it right again.
    slowIf(place, MEMORY_SIZE, constant(16), I32_SHL, constant(size), I32_SUB, I32_GT_U),
  );
const storeOk = (place: Code): Code => codeOf(place, ZERO, 0x3a, 0x40, 0x01, 0x00);
const countCall = (calls: number): Code => store(CALLS, codeOf(get(calls), constant(1), I32_SUB));
const countPoll = (calls: number): Code =>
  codeOf(countCall(calls), store(POLLS, codeOf(load(POLLS), constant(1), I32_ADD)));

/** WebAssembly that answers a call before JavaScript hears of it, if it can: else it leaves the block that it is in. */
export interface FrontParts {
  /** How many i32 it has, after the parameters. */
  readonly locals: number;
  /** @param realloc The number of the guest's allocator among the functions. */
  readonly code: (realloc: number) => Code;
}

/** (param $handle i32) (param $result i32) (local $calls i32) (local $room i32) */
function checkWrite(): FrontParts {
  const [handle, result, calls, room] = [get(0), get(1), 2, 3];
  return {
    locals: 2,
    code: () =>
      codeOf(
        slowUnlessMine(STREAM, handle, calls),
        slowIf(load(ROOM), tee(room), I32_EQZ),
        slowUnlessPlace(result, 16, 8),
        storeOk(result),
        // i64.store
        codeOf(result, get(room), I64_EXTEND_I32_U, 0x37, 0x43, 0x01, 0x08),
        store(GRANTED, get(room)),
        countCall(calls),
        RETURN,
      ),
  };
}

/** (param $handle i32) (param $bytes i32) (param $count i32) (param $result i32) (local $calls i32) (local $staged i32) */
function write(): FrontParts {
  const [handle, bytes, count, result, calls, staged] = [get(0), get(1), get(2), get(3), 4, 5];
  return {
    locals: 2,
    code: () =>
      codeOf(
        slowUnlessMine(STREAM, handle, calls),
        // A write of nothing asks the sink whether one may write at all (8.4).
        slowIf(count, I32_EQZ),
        slowIf(count, load(GRANTED), I32_GT_U),
        slowIf(count, constant(PIECE_BYTES), I32_GT_U),
        slowIf(load(STAGED), tee(staged), count, I32_ADD, load(MOST_STAGED), I32_GT_U),
        slowUnlessPlace(result, 12, 4),
        // As i64, since an i32 may not hold the sum.
        slowIf(
          codeOf(bytes, I64_EXTEND_I32_U, count, I64_EXTEND_I32_U, I64_ADD),
          codeOf(MEMORY_SIZE, I64_EXTEND_I32_U, 0x42, 16, I64_SHL, I64_GT_U),
        ),
        // memory.copy
        codeOf(constant(BYTES), get(staged), I32_ADD, bytes, count, 0xfc, 0x0a, 0x00, 0x01),
        store(STAGED, codeOf(get(staged), count, I32_ADD)),
        store(ROOM, codeOf(load(ROOM), count, I32_SUB)),
        store(GRANTED, ZERO),
        storeOk(result),
        countCall(calls),
        RETURN,
      ),
  };
}

/** (param $pollable i32) (local $calls i32), and a result if `answer` is one */
function whenReady(answer: Code): FrontParts {
  const [pollable, calls] = [get(0), 1];
  return {
    locals: 1,
    code: () =>
      codeOf(slowUnlessMine(POLLABLE, pollable, calls), slowIf(load(ROOM), I32_EQZ), countPoll(calls), answer, RETURN),
  };
}

/** (param $list i32) (param $count i32) (param $result i32) (local $calls i32) (local $positions i32) */
function poll(): FrontParts {
  const [list, count, result, calls, positions] = [get(0), get(1), get(2), 3, 4];
  const pollable = codeOf(list, 0x28, 0x42, 0x01, 0x00);
  return {
    locals: 2,
    code: (realloc) =>
      codeOf(
        slowIf(count, constant(1), I32_NE),
        slowUnlessPlace(list, 4, 4),
        slowUnlessPlace(result, 8, 4),
        slowUnlessMine(POLLABLE, pollable, calls),
        slowIf(load(ROOM), I32_EQZ),
        codeOf(ZERO, ZERO, constant(4), constant(4), call(realloc), 0x21, positions),
        slowUnlessPlace(get(positions), 4, 4),
        storeInGuest(get(positions), 0, ZERO),
        storeInGuest(result, 0, get(positions)),
        storeInGuest(result, 4, constant(1)),
        countPoll(calls),
        RETURN,
      ),
  };
}

export const FRONTS: Readonly<Record<FrontName, FrontParts>> = {
  "check-write": checkWrite(),
  write: write(),
  block: whenReady([]),
  ready: whenReady(constant(1)),
  poll: poll(),
};
