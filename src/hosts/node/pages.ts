/** Memory of guests as Linux has it: given back, and looked at, without being touched. */
import type { Pages } from "../../load/renew/clearing.ts";
import { systemOf } from "./system.ts";

const MADV_DONTNEED = 4;
const PRESENT = 1;

/** Missing: nobody has asked. */
let known: Pages | null | undefined;

/** `undefined` where there is none: see `systemOf`. */
export function linuxPages(): Pages | undefined {
  return (known ??= process.platform === "linux" ? load() : null) ?? undefined;
}

function load(): Pages | null {
  const system = systemOf({
    getpagesize: { return: "i32", arguments: [] },
    madvise: { return: "i32", arguments: ["pointer", "u64", "i32"] },
    mincore: { return: "i32", arguments: ["pointer", "u64", "buffer"] },
  });
  if (!system) return null;
  const { functions, getRawPointer } = system;
  const pageBytes = functions.getpagesize();
  return {
    pageBytes,
    run(buffer, from, to) {
      const place = getRawPointer(buffer) + BigInt(from);
      const length = BigInt(to - from);
      return {
        discard: () => functions.madvise(place, length, MADV_DONTNEED) === 0,
        touched() {
          const pages = new Uint8Array((to - from) / pageBytes);
          if (functions.mincore(place, length, pages) !== 0) return undefined;
          return pages.map((page) => page & PRESENT);
        },
      };
    },
  };
}
