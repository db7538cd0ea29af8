/** Exit codes, and what is said with them. */
import assert from "node:assert/strict";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { hasBadCode, recursesForEver } from "./made.ts";
import { wat } from "../load/wat.ts";
import { folder, guest, shell, sluice } from "./support.ts";

const NOT_LINUX = process.platform !== "linux" && "needs ulimit -v";

describe("exit", { concurrency: 4 }, () => {
  for (const [name, code] of [
    ["exit-ok", 0],
    ["exit-err", 1],
    ["run-returns-err", 1],
  ] as const) {
    test(`${name} exits with ${code}`, async () => {
      assert.deepEqual(await sluice([guest(name)]), { code, signal: null, stdout: "", stderr: "" });
    });
  }

  for (const code of [0, 1, 2, 42, 70, 134, 255]) {
    test(`the guest's own exit code is ours: ${code}`, async () => {
      assert.deepEqual(await sluice([guest("exit-code"), `${code}`]), { code, signal: null, stdout: "", stderr: "" });
    });
  }

  test("what a guest left in its buffers is delivered before it exits", async () => {
    assert.equal((await sluice([guest("exit-status"), "1"])).stdout, "leaving");
  });

  test("a trap exits with 134 and shows the guest's frames, and no others", async () => {
    const { code, signal, stderr } = await sluice([guest("trap-now")]);
    const [first, ...frames] = stderr.trimEnd().split("\n");
    assert.match(first ?? "", /^sluice: .*trap-now\.wasm trapped: .*unreachable/);
    assert.deepEqual(
      frames.map((line) => /^ {4}at (\w+) \(trap-now\.core\.wasm 0x[0-9a-f]+\)$/.exec(line)?.[1]),
      ["innermost_step", "middle_step", "outer_step", "run"],
    );
    assert.deepEqual([code, signal], [134, null]);
  });

  test("a trap of ours names the rule", async () => {
    const { code, stderr } = await sluice([guest("bwf-4097")]);
    assert.match(stderr, /^sluice: .* trapped: .*4097 bytes, but it takes at most 4096 \[rule 3\.8\]\n( {4}at .*\n)+$/);
    assert.equal(code, 134);
  });

  test("a stack overflow is a trap, and its backtrace is short", async (t) => {
    const path = join(folder(t), "deep.wasm");
    writeFileSync(path, recursesForEver());
    const { code, stderr } = await sluice([path]);
    assert.match(stderr, /^sluice: .* trapped: call stack exhausted\n( {4}at function 1 \(0x\w+\)\n){20} {4}and /);
    assert.equal(code, 134);
  });

  /** A command whose `run` is this, in the text format of core modules. */
  const command = (run: string, memory = '(memory (export "memory") 1)'): string => `(component
    (core module $m ${memory} ${run})
    (core instance $m (instantiate $m))
    (func $run (result (result)) (canon lift (core func $m "run")))
    (instance (export "wasi:cli/run@0.2.0") (export "run" (func $run))))`;

  test("what the guest throws and nobody catches is a trap, and no bug of ours", async (t) => {
    const path = join(folder(t), "throws.wasm");
    writeFileSync(path, await wat(command('(tag $t) (func (export "run") (result i32) (throw $t))')));
    const { code, stderr } = await sluice([path]);
    assert.match(stderr, /^sluice: .* trapped: uncaught exception\n/);
    assert.equal(code, 134);
  });

  test("a machine that has not the memory that a guest wants is told as such", { skip: NOT_LINUX }, async (t) => {
    const path = join(folder(t), "large.wasm");
    const run = '(func (export "run") (result i32) (i32.const 0))';
    writeFileSync(path, await wat(command(run, '(memory (export "memory") 65536)')));
    // Node itself needs two thirds of this, of addresses.
    const { stdout, stderr } = await shell(`ulimit -v 5000000; "$NODE" "$BIN" ${path}; echo "code $?"`);
    assert.match(stderr, /^sluice: .*There is not enough memory: /);
    assert.equal(stdout, "code 1\n");
  });

  test("a machine that has no descriptors for a thread is told as such", { skip: NOT_LINUX }, async () => {
    // How many Node needs differs: with the fewest it ends by itself.
    const tries = "for n in 24 25 26 28 30; do (ulimit -n $n; sluice --stats $G/hello.wasm > /dev/null); done; true";
    const { stderr } = await shell(tries);
    assert.doesNotMatch(stderr, /bug in Sluice/);
    assert.match(stderr, /sluice: The system refuses: .*(EMFILE|too many open files)/);
  });

  test("a message begins on a line of its own, whatever the guest has left at the end of its output", async () => {
    const trapped = await shell('sluice "$G/trap-delivers-flushed.wasm" 2>&1');
    assert.match(trapped.stdout, /^flushed\nsluice: .* trapped: /);
    const shown = await shell('sluice --stats "$G/exit-status.wasm" 1 2>&1');
    assert.match(shown.stdout, /^leaving\n +bytes +calls +waits\n/);
    // Elsewhere the output is nothing but the guest's.
    const apart = await shell('sluice "$G/trap-delivers-flushed.wasm"');
    assert.deepEqual([apart.stdout, apart.stderr.slice(0, 8)], ["flushed", "sluice: "]);
  });

  test("missing imports are listed", async () => {
    const { code, stderr } = await sluice([guest("missing-import")]);
    assert.match(stderr, /imports what Sluice does not provide:\n {2}vendor:missing\/thing@1\.2\.3\nProvided, /);
    assert.equal(code, 1);
  });

  for (const options of [[], ["--stats"]]) {
    test(`tasks that wait for nothing that could come are told of: ${options.join(" ") || "no options"}`, async () => {
      const { code, stderr } = await sluice([...options, guest("p3-deadlock")]);
      assert.match(stderr, /p3-deadlock\.wasm trapped: deadlock: its tasks wait for each other, or for nothing\n$/);
      assert.equal(code, 134);
    });
  }

  test("a library is no command", async () => {
    const { code, stderr } = await sluice([guest("multi-export")]);
    assert.match(
      stderr,
      /The component is no command: expected an export wasi:cli\/run@0\.2\.x or @0\.3\.x, got .*demo.*; --invoke /,
    );
    assert.equal(code, 1);
  });

  const files: readonly [name: string, content: Uint8Array, message: RegExp][] = [
    ["empty", Uint8Array.of(), /Expected a WebAssembly component, got 0 bytes that begin with nothing\n$/],
    ["page", Buffer.from("<!doctype html>\n<p>none"), /got 23 bytes that begin with "<!doctype html>\\n"\n$/],
    [
      "text format",
      Buffer.from("(component)"),
      /begin with "\(component\)": make a binary of it first, as by `wasm-tools parse`\n$/,
    ],
    ["text in part", Uint8Array.of(40, 200), /got 2 bytes that begin with 28 c8\n$/],
    ["empty core module", Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0), /no command: .*of a core module, _start/],
    ["bad core module", Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0, 99), /The core module cannot be read: /],
    ["old core module", readFileSync(guest("p1/p1-missing")), /env#thing\n.*wasi_unstable is what came before/s],
    [
      "cut off",
      readFileSync(guest("hello")).subarray(0, 600),
      /The component is invalid: 48 bytes are expected, but 28 are left \(at offset 0x23c\)/,
    ],
    [
      "bad code",
      hasBadCode(),
      /The component is invalid: a core module of it cannot be compiled: .*Invalid opcode 0xff/,
    ],
  ];
  for (const [name, content, message] of files) {
    test(`a file that is no component is refused: ${name}`, async (t) => {
      const path = join(folder(t), "file");
      writeFileSync(path, content);
      const { code, stdout, stderr } = await sluice([path]);
      assert.match(stderr, message);
      assert.ok(stderr.startsWith(`sluice: ${path}: `), stderr);
      assert.deepEqual([code, stdout], [1, ""]);
    });
  }

  test(
    "a file that may not be read is refused",
    { skip: process.getuid?.() === 0 && "root may read all" },
    async (t) => {
      const path = join(folder(t), "file");
      writeFileSync(path, "");
      chmodSync(path, 0);
      const { code, stderr } = await sluice([path]);
      assert.match(stderr, /You may not read this file/);
      assert.equal(code, 1);
    },
  );
});
