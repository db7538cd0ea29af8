/** `wasi:random` 0.2, as a guest calls it. */
import { tuple } from "../abi/composites.ts";
import { bytes } from "../abi/lists.ts";
import { returns } from "../abi/returns.ts";
import { length, u64 } from "../abi/scalars.ts";
import { Trap } from "../io/trap.ts";
import type { RandomSource } from "../wasi/random/random.ts";
import type { World } from "../wasi/world.ts";
import type { Instance } from "./instance.ts";
import { call, defineInterface, type Definition, type Interface } from "./definition.ts";

/** Random bytes that take as long as a call does, and count as one. */
const BYTES_OF_CALL = 1024;

type Which = "random" | "insecureRandom";

/** @see WASI 0.2 `wasi:random/random` */
export const random: Interface = defineInterface("wasi:random/random", () => ({
  "get-random-bytes": randomBytes("random"),
  "get-random-u64": randomU64("random"),
}));

/** @see WASI 0.2 `wasi:random/insecure` */
export const insecure: Interface = defineInterface("wasi:random/insecure", () => ({
  "get-insecure-random-bytes": randomBytes("insecureRandom"),
  "get-insecure-random-u64": randomU64("insecureRandom"),
}));

/** @see WASI 0.2 `wasi:random/insecure-seed` */
export const insecureSeed: Interface = defineInterface("wasi:random/insecure-seed", () => ({
  "insecure-seed": call([], returns(tuple(u64, u64)), ({ world }) => world.insecureSeed()),
}));

function randomBytes(which: Which): Definition {
  return call([length], returns(bytes), ({ world, task }, count) => {
    const { randomBytes: most } = world.limits;
    if (count > most) {
      throw new Trap("1.5", `${count} random bytes, but one call gives at most ${most} (limits.randomBytes)`);
    }
    task.countCalls(Math.floor(count / BYTES_OF_CALL));
    const filled = new Uint8Array(count);
    source(world, which).fill(filled);
    return filled;
  });
}

function randomU64(which: Which): Definition {
  const run = ({ world }: Instance): bigint => {
    const filled = new Uint8Array(8);
    source(world, which).fill(filled);
    return new DataView(filled.buffer).getBigUint64(0, true);
  };
  return call([], returns(u64), run, { boxed: true });
}

function source(world: World, which: Which): RandomSource {
  return world[which];
}
