/** Standard streams of which one is refused: how many, and how many descriptors that leaves open. Standard input is a pipe. */
import { readdirSync } from "node:fs";
import { openStandard } from "../../../src/hosts/node/stdio.ts";

const NONE = { stdin: "inherit", stdout: "ignore", stderr: "ignore", blockingStdio: false };

const open = (): number => readdirSync("/proc/self/fd").length;

const before = open();
let refused = 0;
for (const others of [{ stdout: 1 }, { stdout: "inherit", stderr: 1 }]) {
  try {
    openStandard({ ...NONE, ...others });
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    refused++;
  }
}
const left = open() - before;
console.log(`${refused} refused, ${left} open`);
