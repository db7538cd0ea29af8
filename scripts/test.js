/**
 * `npm test`: all tests. `npm test -- FILE...`: some. What Node has made of a file, without its types and compiled, is kept
 * in `node_modules/.cache`: a fresh process of a test, of which there are many, spends half of its time on that else. When all
 * are played, files that leave their process as it was share one: to start it takes longer than most of them.
 */
import { spawnSync } from "node:child_process";
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const UNTRACKED = new URL("untracked.js", import.meta.url).href;
const KEPT = join(ROOT, "node_modules", ".cache", "tests");

/** What takes longest, and begins first: one that is left to the end goes on alone, on a machine with nothing else to do. */
const LONGEST = [
  "test/everywhere/chromium.test.ts",
  "test/everywhere/firefox.test.ts",
  "test/nats/wires.test.ts",
  "test/site/playground.test.ts",
  "test/site/keyboard.test.ts",
  "test/bind/heap-p3.test.ts",
  "test/testing/shim.test.ts",
  "test/everywhere/processes.test.ts",
  "test/cli/drain.test.ts",
  "test/simulate.test.ts",
];

/** Where files may share a process. Those of other folders start programs or browsers, and would have little from it. */
const SHARING = "test/{abi,bind,guests,hosts,io,load,map,nats,run,testing,wait,wasi}/**/*.test.ts";
const TOGETHER = 25;
/** What a file says that changes or measures what belongs to its whole process, or does something before or after all tests. */
const ALONE = [
  /child_process|worker_threads|new Worker|globalThis\.|deleteProperty|\bfs\.\w+ = /,
  /process\.(?:on|env|exit|stdout|stdin|emit|chdir|cwd|umask)|memoryUsage|getActiveResources|diagnostics/,
  /mock\.|stackTraceLimit|FinalizationRegistry|WeakRef|gc\(/,
  /^(?:before|after)(?:Each)?\(/m,
];

/** Plays files as Node does: each, of which one may be a group, in a process of its own. @returns The exit code. */
function play(files) {
  const { status } = spawnSync(
    process.execPath,
    [
      "--import",
      UNTRACKED,
      // As many processes as there are cores leave no other to collect garbage on.
      "--single-threaded-gc",
      "--test",
      `--test-concurrency=${availableParallelism() + 1}`,
      ...files,
    ],
    { cwd: ROOT, stdio: "inherit", env: { NODE_COMPILE_CACHE: KEPT, ...process.env } },
  );
  return status ?? 1;
}

/** A file that plays others, and then says so by another one. */
function groupOf(files, folder, number) {
  const [entry, over] = [join(folder, `together-${number}.test.mjs`), join(folder, `${number}.over`)];
  const urls = files.map((file) => pathToFileURL(join(ROOT, file)).href);
  writeFileSync(
    entry,
    [
      'import { writeFileSync } from "node:fs";',
      'import { after } from "node:test";',
      ...urls.map((url) => `import ${JSON.stringify(url)};`),
      `after(() => writeFileSync(${JSON.stringify(over)}, ""));`,
    ].join("\n"),
  );
  return { entry, over, files };
}

function playAll() {
  const folder = mkdtempSync(join(tmpdir(), "sluice-tests-"));
  try {
    const all = globSync("test/**/*.test.ts", { cwd: ROOT }).filter((file) => !LONGEST.includes(file));
    const may = new Set(globSync(SHARING, { cwd: ROOT }));
    const isAlone = (file) => !may.has(file) || ALONE.some((sign) => sign.test(readFileSync(join(ROOT, file), "utf8")));
    const sharing = all.filter((file) => !isAlone(file)).toSorted();
    const groups = [];
    while (sharing.length > 0) groups.push(groupOf(sharing.splice(0, TOGETHER), folder, groups.length));
    // Node plays files in the order of their names, of which those of whole paths come first.
    const first = [...LONGEST.map((file) => join(ROOT, file)), ...groups.map(({ entry }) => entry)];
    const status = play([...first, ...all.filter(isAlone)]);
    const broken = groups.filter(({ over }) => !existsSync(over)).flatMap(({ files }) => files);
    if (broken.length === 0) return status;
    console.error("\nA process ended before the tests of its files did. Here is each of these files alone:\n");
    play(broken);
    return 1;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const given = process.argv.slice(2);
process.exitCode = given.length > 0 ? play(given) : playAll();
