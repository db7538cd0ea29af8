/** Signals end a run, whatever the guest does, and a shell that waits hears of it. */
import assert from "node:assert/strict";
import { spawnSync, type ChildProcess } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { computesForEver } from "./made.ts";
import { BIN, ended, folder, guest, NOT_UNIX, start, startProcess, startShell, until, type How } from "./support.ts";

const MIB = 1024 * 1024;
/**
 * Says on standard error when the guest is entered, for one that does not call the host. Where guests are not suspended, they
 * are called from the event loop. Of one line, as URLs are: without comments.
 */
const ANNOUNCE = `data:text/javascript,
  import { writeSync } from "node:fs";
  const { promising } = WebAssembly;
  const soon = setImmediate;
  if (!promising) globalThis.setImmediate = (f, ...args) => soon(() => (writeSync(2, "entered\\n"), f(...args)));
  else WebAssembly.promising = (f) => { const g = promising(f); return (...args) => (writeSync(2, "entered\\n"), g(...args)); };
`;

/** A namespace of processes needs Linux, and root or one of users. */
const UNSHARE = ["--user", "--map-root-user", "--pid", "--fork"];
const NO_NAMESPACES =
  (process.platform !== "linux" || spawnSync("unshare", [...UNSHARE, "true"]).status !== 0) && "needs unshare";

/** The command as the first process of its namespace. */
function startFirst(args: readonly string[], { node = [], ...how }: How = {}): ChildProcess {
  return startProcess("unshare", [...UNSHARE, process.execPath, ...node, BIN, ...args], how);
}

/** What `unshare` has started, which passes nothing on. */
function childOf({ pid }: ChildProcess): number {
  return Number.parseInt(readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8"), 10);
}

interface Case {
  readonly name: string;
  readonly args: readonly string[];
  readonly how?: How;
  /** What standard error or output says when the guest is where we want it. */
  readonly stderr?: string;
  readonly stdout?: string;
}

const CASES: readonly Case[] = [
  { name: "waits for input", args: [guest("prompt-before-read")], stdout: "> " },
  { name: "spins on calls", args: [guest("bench-calls")], how: { stdio: ["pipe", "ignore", "pipe"] }, stderr: "\n" },
  { name: "writes to a stalled reader", args: ["--trace", guest("writer"), `${64 * MIB}`], stderr: ") = 0" },
  {
    name: "writes and flushes to a stalled reader",
    // The last of the trace is what the pipe could take; what comes then waits.
    args: ["--trace", guest("writer-bwf"), `${64 * MIB}`],
    stderr: "blocking-write-and-flush",
  },
];

describe("signals", { concurrency: 4, skip: NOT_UNIX }, () => {
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    for (const options of [[], ["--stats"]]) {
      for (const { name, args, how, stderr, stdout } of CASES) {
        test(`${signal} ends a guest that ${name} ${options.join(" ")}`, async () => {
          const child = start([...options, ...args], how);
          if (stderr !== undefined) await until(child.stderr, stderr);
          if (stdout !== undefined) await until(child.stdout, stdout);
          child.kill(signal);
          const end = await ended(child);
          assert.deepEqual([end.code, end.signal], [null, signal]);
          if (options.length > 0) assert.match(end.stderr, /bytes +calls +waits\nstdin .*\nstdout .*\nstderr .*\n$/);
          assert.doesNotMatch(end.stderr, /internal error/);
        });
      }
    }

    for (const options of [[], ["--stats"], ["--timeout", "1h"]]) {
      test(`${signal} ends a guest that only computes ${options.join(" ")}`, async (t) => {
        const path = join(folder(t), "forever.wasm");
        writeFileSync(path, computesForEver());
        const child = start([...options, path], { node: ["--import", ANNOUNCE] });
        await until(child.stderr, "entered");
        child.kill(signal);
        const end = await ended(child);
        assert.equal(end.signal, signal);
        if (options[0] === "--stats")
          assert.match(end.stderr, /bytes +calls +waits\nstdin .*\nstdout .*\nstderr .*\n$/);
      });
    }
  }

  for (const [signal, code] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const) {
    for (const options of ["", "--stats"]) {
      test(`a shell sees ${code} after ${signal} ${options}`, async () => {
        // The inner shell says its number, which the command then has.
        const child = startShell(
          `sh -c 'echo $$ >&2; exec "$NODE" "$BIN" ${options} "$G/prompt-before-read.wasm"'; echo "code $?"`,
        );
        const pid = Number.parseInt(await until(child.stderr, "\n"), 10);
        await until(child.stdout, "> ");
        process.kill(pid, signal);
        const { stdout } = await ended(child);
        // A shell ends itself after SIGINT, as bash does, or goes on, as dash does.
        assert.ok(stdout === `code ${code}\n` || (signal === "SIGINT" && stdout === ""), stdout);
      });
    }
  }

  describe(
    "as the first process of a container, which gets only the signals that it asks for",
    { skip: NO_NAMESPACES },
    () => {
      const SPINS: How = { stdio: ["pipe", "ignore", "pipe"] };
      for (const [signal, code] of [
        ["SIGINT", 130],
        ["SIGTERM", 143],
      ] as const) {
        test(`${signal} ends a guest that waits: ${code}`, async () => {
          const child = startFirst([guest("prompt-before-read")]);
          await until(child.stdout, "> ");
          process.kill(childOf(child), signal);
          assert.equal((await ended(child)).code, code);
        });

        test(`${signal} ends a guest that spins on calls: ${code}`, async () => {
          const child = startFirst([guest("bench-calls")], SPINS);
          await until(child.stderr, "\n");
          process.kill(childOf(child), signal);
          assert.equal((await ended(child)).code, code);
        });

        test(`${signal} ends a guest that only computes: ${code}`, async (t) => {
          const path = join(folder(t), "forever.wasm");
          writeFileSync(path, computesForEver());
          const child = startFirst([path], { node: ["--import", ANNOUNCE] });
          await until(child.stderr, "entered");
          process.kill(childOf(child), signal);
          assert.equal((await ended(child)).code, code);
        });
      }
    },
  );

  test("a signal that comes before the guest ends the process too", async () => {
    const child = start([guest("hello")], { stdio: ["pipe", "ignore", "ignore"] });
    await new Promise((resolve) => child.once("spawn", resolve));
    child.kill("SIGTERM");
    assert.equal((await ended(child)).signal, "SIGTERM");
  });
});
