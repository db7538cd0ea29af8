/** Memory of guests as Linux has it: given back, and looked at, without being touched. */
import type { Pages } from "../../load/renew/clearing.ts";
import { systemOf } from "./system.ts";

const MADV_DONTNEED = 4;
const MADV_NOHUGEPAGE = 15;
const RUSAGE_THREAD = 1;
/** Words of 32 bits of `struct rusage`, where those of 64 bits are of longs, and which of them `ru_minflt` is. */
const RUSAGE_WORDS = 36;
const MINOR_FAULTS = 16;
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
    getrusage: { return: "i32", arguments: ["i32", "buffer"] },
    mincore: { return: "i32", arguments: ["pointer", "u64", "buffer"] },
  });
  if (!system) return null;
  const { functions, getRawPointer } = system;
  const pageBytes = functions.getpagesize();
  const usage = new Uint32Array(RUSAGE_WORDS);
  return {
    pageBytes,
    faults: () =>
      functions.getrusage(RUSAGE_THREAD, usage) === 0
        ? (usage[MINOR_FAULTS] ?? 0) + (usage[MINOR_FAULTS + 1] ?? 0) * 2 ** 32
        : undefined,
    run(buffer, from, to) {
      const place = getRawPointer(buffer) + BigInt(from);
      const length = BigInt(to - from);
      // Else the system may give several pages for one that is touched.
      const isWatched = functions.madvise(place, length, MADV_NOHUGEPAGE) === 0;
      return {
        isWatched,
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
