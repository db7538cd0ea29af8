/**
 * What every start needs of Node. Not by `import`: a built-in module that is imported shows all that it has, and node:fs
 * then loads streams, which takes 5 ms and which nobody here uses.
 */
import type * as Fs from "node:fs";

export const fs: typeof Fs = process.getBuiltinModule("node:fs");
