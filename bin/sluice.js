#!/usr/bin/env node
// Old JavaScript on purpose: an old Node must get far enough to say what is wrong.
var OLDEST_NODE = 24;

if (parseInt(process.versions.node, 10) < OLDEST_NODE || typeof WebAssembly.Suspending !== "function") {
  console.error(
    "sluice: this is Node " +
      process.versions.node +
      ", which cannot suspend WebAssembly: install Node " +
      OLDEST_NODE +
      " or newer, then try again",
  );
  process.exitCode = 1;
} else {
  // Failures in it are told and counted by itself.
  void import("../dist/cli/main.js").then(function (cli) {
    return cli.main(process.argv.slice(2));
  }, reportUnbuilt);
}

function reportUnbuilt(error) {
  if (error.code !== "ERR_MODULE_NOT_FOUND") throw error;
  console.error("sluice: this copy of sluice is not built: run `npm run build` in its folder, then try again");
  process.exitCode = 1;
}
