#!/usr/bin/env node
// Old JavaScript on purpose: an old Node must get far enough to say what is wrong. CommonJS, since that starts faster.
var OLDEST_NODE = "20.16";

// What came with that.
if (typeof process.getBuiltinModule !== "function") {
  console.error(
    "sluice: this is Node " +
      process.versions.node +
      ", which is too old: install Node " +
      OLDEST_NODE +
      " or newer, then try again",
  );
  process.exitCode = 1;
} else if (typeof WebAssembly === "undefined") {
  console.error("sluice: this Node has no WebAssembly: start it without --jitless, then try again");
  process.exitCode = 1;
} else {
  start();
}

function start() {
  try {
    // Failures in it are told and counted by itself.
    void require("./start.js").start(process.argv.slice(2));
  } catch (error) {
    if (error.code === "ENOENT") {
      console.error("sluice: this copy of sluice is not built: run `npm run build` in its folder, then try again");
    } else if (error.code === "ERR_ACCESS_DENIED") {
      // Its words name the option.
      console.error("sluice: Node may not read " + error.resource + ": " + error.message);
    } else throw error;
    process.exitCode = 1;
  }
}
