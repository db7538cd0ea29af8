/**
 * A guest of 2 GiB that calls every function with lengths that make no sense, in a process with a small heap: started by
 * hostile.test.ts. Ends with 0 if nothing but traps came of it.
 */
import { CollectSink, MemoryFiles } from "../../../src/index.ts";
import { callEitherWay } from "../hostile.ts";
import { BareGuest } from "../support.ts";

const PAGE_BYTES = 65_536;
const GUEST_BYTES = 2 ** 31;
/** Lengths, counts and pointers: of which some lie within the guest, and some do not. */
const SIZES: readonly number[] = [
  1,
  4096,
  12_289,
  2 ** 20,
  2 ** 24,
  2 ** 27,
  2 ** 28 - 1,
  2 ** 28,
  2 ** 30,
  2 ** 31 - 1,
  -1,
];
/** As many arguments as any function has. */
const COUNT = 12;

const files = MemoryFiles.from({ file: "contents", "dir/in": "" });
const guest = new BareGuest({
  stdin: { text: "input" },
  stdout: new CollectSink(),
  preopens: { "/": files.root() },
  env: { A: "b" },
});
guest.memory.grow(GUEST_BYTES / PAGE_BYTES - 1);
const functions = guest.lowerAll();
// Handles 1 to 4 are an output, an input, a pollable and a directory.
functions.get("wasi:cli/stdout#get-stdout")?.();
functions.get("wasi:cli/stdin#get-stdin")?.();
functions.get("wasi:io/streams#[method]input-stream.subscribe")?.(2);
functions.get("wasi:filesystem/preopens#get-directories")?.(1024);

let calls = 0;
for (const fn of functions.values()) {
  for (const handle of [1, 2, 3, 4, 0]) {
    for (const size of SIZES) {
      // A handle or a pointer first, and a length at each place that may be one.
      for (let place = 0; place < 5; place++) {
        const args = Array.from({ length: COUNT }, (_, index) => (index === 0 ? handle : index >= place ? size : 8192));
        try {
          callEitherWay(fn, args);
        } catch {
          // Of what kind it may be is told by hostile.test.ts.
          guest.mayLeave.value = 1;
        }
        calls++;
      }
    }
  }
}
console.log(calls);
