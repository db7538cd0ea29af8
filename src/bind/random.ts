/** `wasi:random` 0.2, as a guest calls it. */
import { Trap } from "../io/trap.ts";
import type { RandomSource } from "../wasi/random.ts";
import type { World } from "../wasi/world.ts";
import { bytes, length, returns, tuple, u64 } from "./abi.ts";
import { call, functions, type Definition } from "./func.ts";
import type { Instance } from "./instance.ts";

/** @see WASI 0.2 `wasi:random/random` */
export function random(instance: Instance, world: World): Record<string, unknown> {
  return functions(instance, {
    getRandomBytes: () => randomBytes("wasi:random/random#get-random-bytes", world, world.random),
    getRandomU64: () => call("wasi:random/random#get-random-u64", [], returns(u64), () => randomU64(world.random)),
  });
}

/** @see WASI 0.2 `wasi:random/insecure` */
export function insecure(instance: Instance, world: World): Record<string, unknown> {
  const source = world.insecureRandom;
  return functions(instance, {
    getInsecureRandomBytes: () => randomBytes("wasi:random/insecure#get-insecure-random-bytes", world, source),
    getInsecureRandomU64: () =>
      call("wasi:random/insecure#get-insecure-random-u64", [], returns(u64), () => randomU64(source)),
  });
}

/** @see WASI 0.2 `wasi:random/insecure-seed` */
export function insecureSeed(instance: Instance, world: World): Record<string, unknown> {
  return functions(instance, {
    insecureSeed: () =>
      call("wasi:random/insecure-seed#insecure-seed", [], returns(tuple(u64, u64)), world.insecureSeed),
  });
}

function randomBytes(name: string, world: World, source: RandomSource): Definition {
  return call(name, [length], returns(bytes), (count) => {
    if (count > world.limits.randomBytes) {
      throw new Trap(
        "1.5",
        `${name}: ${count} bytes, but one call gives at most ${world.limits.randomBytes} (limits.randomBytes)`,
      );
    }
    const filled = new Uint8Array(count);
    source.fill(filled);
    return filled;
  });
}

function randomU64(source: RandomSource): bigint {
  const filled = new Uint8Array(8);
  source.fill(filled);
  return new DataView(filled.buffer).getBigUint64(0, true);
}
