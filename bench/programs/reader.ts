/**
 * Reads standard input to its end. Prints `bytes` and how many came, `ns` and how long from the first to the last: the
 * end comes later, when the writer's process has ended.
 */
import { readSync } from "node:fs";

const buffer = Buffer.alloc(1 << 20);
let bytes = 0;
let first = 0;
let last = 0;
for (let count; (count = readSync(0, buffer)) > 0; bytes += count) {
  last = performance.now();
  if (first === 0) first = last;
}
console.log(`bytes ${bytes}\nns ${(last - first) * 1e6}`);
