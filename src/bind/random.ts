/** `wasi:random` 0.2, as a guest calls it. */
import { tuple } from "../abi/composites.ts";
import { bytes } from "../abi/lists.ts";
import { returns } from "../abi/returns.ts";
import { length, u64 } from "../abi/scalars.ts";
import type { Steps } from "../io/steps.ts";
import { Trap } from "../io/trap.ts";
import type { RandomSource } from "../wasi/random/random.ts";
import { fillInPieces } from "./random-pieces.ts";
import type { World } from "../wasi/world.ts";
import type { Instance } from "./instance.ts";
import { blocking, call, defineInterface, type Definition, type Interface } from "./definition.ts";

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
  return blocking([length], returns(bytes), function* ({ world, task }, count): Steps<Uint8Array> {
    const { randomBytes: most } = world.limits;
    if (count > most) {
      throw new Trap("1.5", `${count} random bytes, but one call gives at most ${most} (limits.randomBytes)`);
    }
    const filled = new Uint8Array(count);
    yield* fillInPieces(source(world, which), filled, task);
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
