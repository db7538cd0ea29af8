// The start of the command. What it runs are scripts, which scripts/build.js makes. V8 is given what it has compiled of them
// before, functions that were called among it, and has to read none of their text then. That is kept beside each script, and
// trusted as it is: who can write there can change the script itself.
"use strict";
const {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} = require("node:fs");
const { join } = require("node:path");
const { pathToFileURL } = require("node:url");
const { Script } = require("node:vm");

const folder = join(__dirname, "..", "dist", "cli");
/** By their names. */
const scripts = new Map();
/** Those of which nothing was kept before. */
const fresh = [];
/** What `import.meta` is to all of them. */
const meta = {
  get url() {
    return pathToFileURL(join(folder, "sluice.js")).href;
  },
};

/** Carries out a command line, as `main` of src/cli/main.ts does. */
exports.start = (args) => load("sluice.js", args[0] === "serve" ? "serve" : "run").main(args, keepFresh);

/** As that of src/cli/main.ts. */
exports.runInThread = () => load("sluice.js", "run").runInThread();

/** What a script exports. What is kept is of one kind of command: another calls other functions. */
function load(name, kind) {
  const known = scripts.get(name);
  if (known) return known;
  // Without a prototype V8 makes a dictionary of it: no new map for each of the names that are put in.
  const command = Object.create(null);
  scripts.set(name, command);
  const path = join(folder, name);
  const code = `${path}.${process.versions.v8}-${process.arch}.${kind}.code`;
  const cachedData = codeFor(code, path);
  // It has no character beyond ASCII.
  const script = new Script(readFileSync(path, "latin1"), { filename: path, cachedData });
  // What the script is: a function.
  script.runInThisContext()((id) => (id.startsWith("./") ? load(id.slice(2), kind) : require(id)), command, meta);
  if (cachedData === undefined || script.cachedDataRejected === true) {
    // One listener for all: Node warns of more than ten.
    if (fresh.length === 0) process.once("exit", keepFresh);
    fresh.push({ code, path, script });
  }
  return command;
}

/** A run of a component calls what all runs call, a server what all servers do. Once: at the end, if nobody did before. */
function keepFresh() {
  if (!scripts.get("sluice.js").hasRun()) return;
  for (const { code, path, script } of fresh.splice(0)) keep(code, path, script);
}

/**
 * What is kept of the script at `path`, if its owner is the script's, nobody else can write it, and it is a file that has no other
 * name: a link to one could have been made by somebody else.
 */
function codeFor(code, path) {
  let file;
  try {
    // Windows has no such flag, and none of these owners and modes.
    file = openSync(code, constants.O_RDONLY | (constants.O_NOFOLLOW || 0));
    const kept = fstatSync(file);
    const isOurs = kept.isFile() && kept.nlink === 1 && kept.uid === statSync(path).uid && (kept.mode & 0o022) === 0;
    return isOurs ? readFileSync(file) : undefined;
  } catch {
    return undefined;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/** If the script is ours. If not, or if there is no room, the next start takes as long as this one. */
function keep(code, path, script) {
  const scratch = `${code}-${process.pid}`;
  try {
    if (process.getuid !== undefined && statSync(path).uid !== process.getuid()) return;
    writeFileSync(scratch, script.createCachedData(), { mode: 0o644, flag: "wx" });
    renameSync(scratch, code);
  } catch {
    try {
      rmSync(scratch, { force: true });
    } catch {
      // Who may not write here may not remove.
    }
  }
}
