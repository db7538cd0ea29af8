/** Each option, and what it does. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { OPTIONS, usageOf } from "../../src/cli/options.ts";
import { guest, NOT_UNIX, ROOT, shell, sluice } from "./support.ts";

describe("options", { concurrency: 4 }, () => {
  for (const args of [["--help"], ["-h"], ["help"], ["help", "run"], ["run", "--help"], ["run", "-h"]]) {
    test(`sluice ${args.join(" ")} fits a terminal of 80 by 24`, async () => {
      const { code, stdout, stderr } = await sluice(args);
      const lines = stdout.split("\n");
      assert.match(stdout, /Usage: sluice/);
      assert.ok(lines.length <= 24, `${lines.length} lines`);
      for (const line of lines) assert.ok(line.length <= 80, line);
      assert.deepEqual([code, stderr], [0, ""]);
    });
  }

  test("docs/cli.md has each option once, as the table of the command has it", () => {
    const rows = readFileSync(new URL("../../docs/cli.md", import.meta.url), "utf8").split("\n");
    const documented = rows.flatMap((row) => /^\| (?:`-\w`, )?`(--[^`]*)` +\|/.exec(row)?.[1] ?? []);
    assert.deepEqual(documented.toSorted(), OPTIONS.map(usageOf).toSorted());
  });

  for (const option of ["--version", "-V"]) {
    test(`${option} gives the version of the package`, async () => {
      const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { version: string };
      assert.deepEqual(await sluice([option]), { code: 0, signal: null, stdout: `sluice ${version}\n`, stderr: "" });
    });
  }

  test("a bare component is run", async () => {
    const { code, stdout, stderr } = await sluice([guest("hello")]);
    assert.deepEqual([code, stdout, stderr], [0, "hello\n", ""]);
  });

  test("what follows the component is for the guest, whatever it looks like", async () => {
    const { stdout } = await sluice(["run", guest("args-env"), "--stats", "--help", "--", "-x", "", "é"]);
    assert.equal(stdout, "args-env.wasm\n--stats\n--help\n--\n-x\n\né\n");
  });

  test("-- ends the options", async () => {
    const { stdout } = await sluice(["run", "--", guest("args-env"), "a"]);
    assert.equal(stdout, "args-env.wasm\na\n");
  });

  test("options may stand before the command", async () => {
    const { stdout } = await sluice(["--env", "A=1", "run", "--env", "B=2", guest("args-env")]);
    assert.equal(stdout, "args-env.wasm\nA=1\nB=2\n");
  });

  test("the environment is empty unless --env says otherwise", async () => {
    const { stdout } = await sluice([guest("args-env")], { env: { SLUICE_TEST: "1" } });
    assert.equal(stdout, "args-env.wasm\n");
  });

  test("--env sets variables, passes on ours, and the last one wins", async () => {
    const variables = ["A=1", "B=x=y", "C=", "SLUICE_TEST", "SLUICE_ABSENT", "A=2", "__proto__=p"];
    const options = variables.flatMap((variable) => ["--env", variable]);
    const { stdout } = await sluice([...options, guest("args-env")], { env: { SLUICE_TEST: "ours" } });
    assert.deepEqual(stdout.split("\n").toSorted(), [
      "",
      "A=2",
      "B=x=y",
      "C=",
      "SLUICE_TEST=ours",
      "__proto__=p",
      "args-env.wasm",
    ]);
  });

  test("bytes that are no UTF-8 come as U+FFFD, which is all that Node tells of them", { skip: NOT_UNIX }, async () => {
    const { stdout } = await shell(
      `BAD=$(printf 'a\\377b') sluice --env BAD --env "ALSO=$(printf '\\303')" "$G/args-env.wasm" "$(printf '\\200')"`,
    );
    assert.deepEqual(stdout.split("\n").toSorted(), ["", "ALSO=\ufffd", "BAD=a\ufffdb", "args-env.wasm", "\ufffd"]);
  });

  test("--argv0 replaces the guest's name", async () => {
    const { stdout } = await sluice(["--argv0", "dir/name", guest("args-env"), "a"]);
    assert.equal(stdout, "dir/name\na\n");
  });

  test("--stats shows what each stream carried, in columns", async () => {
    const { code, stdout, stderr } = await sluice(["--stats", guest("copy-loop")], { input: "x".repeat(100) });
    assert.equal(stdout, "x".repeat(100));
    assert.match(stderr, /^ +bytes +calls +waits\nstdin +100 +\d+ +\d+\nstdout +100 +\d+ +\d+\nstderr +0 +0 +0\n$/);
    const widths = new Set(
      stderr
        .trimEnd()
        .split("\n")
        .map((line) => line.length),
    );
    assert.equal(widths.size, 1, stderr);
    assert.equal(code, 0);
  });

  test("--stats comes after a trap too", async () => {
    const { code, stderr } = await sluice(["--stats", guest("trap-delivers-flushed")]);
    assert.match(stderr, /^ +bytes +calls +waits\nstdin .*\nstdout +[1-9].*\nstderr .*\nsluice: .* trapped: /);
    assert.equal(code, 134);
  });

  test("--trace shows each call with its result", async () => {
    const { stdout, stderr } = await sluice(["--trace", guest("bwf-4096")]);
    assert.equal(stdout.length, 4096);
    const lines = stderr.trimEnd().split("\n");
    for (const line of lines) assert.match(line, /^(wasi:[\w-]+\/[\w-]+#|\[resource-drop\]).+\)( [=!] .*)?$/);
    assert.ok(
      lines.some((line) => /output-stream\.blocking-write-and-flush\(.*4096 bytes\) = /.test(line)),
      stderr,
    );
  });

  test("--trace shows the error that a call gives", async () => {
    const { stderr } = await sluice(["--trace", guest("read-zero-closed")]);
    assert.match(stderr, /input-stream\.(blocking-)?read\(.*\) ! .*closed/);
  });

  test("--trace of a call on a file that is not there shows the code that the guest sees, and no path of ours", async () => {
    const { stderr } = await sluice(["--trace", "--dir", `${ROOT}test::/`, guest("cat-files"), "/no-such-file"]);
    assert.match(stderr, /descriptor\.open-at\(.*no-such-file.*\) ! "?no-entry"?\n/);
    assert.ok(!stderr.includes(ROOT), stderr);
  });

  test("what Wasmtime has and we have not is named, with what does the same", async () => {
    for (const args of [
      ["-C", "cache=n"],
      ["--profile", "perfmap"],
      ["serve", "-R", "path=x"],
    ]) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const { code, stderr } = await sluice([...args, guest("hello")]);
      assert.match(stderr, /^sluice: There is no option -.*, which Wasmtime has: ./);
      assert.equal(code, 1);
    }
  });

  test("a user without a home, or an environment, runs guests", { skip: NOT_UNIX }, async () => {
    const { stdout } = await shell(
      'env -i "$NODE" "$BIN" "$G/hello.wasm"; env -i HOME= "$NODE" "$BIN" "$G/hello.wasm"',
    );
    assert.equal(stdout, "hello\nhello\n");
  });

  test("--permits budget lets writes share a permit", async () => {
    const args = [guest("write-twice-on-one-permit"), "budget"];
    const trapped = await sluice(args.slice(0, 1));
    assert.match(trapped.stderr, /--permits budget/);
    assert.equal(trapped.code, 134);
    assert.equal((await sluice(["--permits", "strict", ...args])).code, 134);
    assert.deepEqual(await sluice(["--permits", "budget", ...args]), {
      code: 0,
      signal: null,
      stdout: "xx",
      stderr: "",
    });
  });

  test("--limit changes a limit", async () => {
    const { code, stderr } = await sluice(["--limit", "resources=100", guest("resource-limit")]);
    assert.match(stderr, /this instance already holds 100 resources/);
    assert.equal(code, 134);
  });

  test("--limit may be repeated", async () => {
    const limits = ["--limit", "bufferBytes=10", "--limit", "resources=7"];
    const { stdout, stderr } = await sluice([...limits, "--trace", guest("hello")]);
    assert.equal(stdout, "hello\n");
    assert.doesNotMatch(stderr, /trapped/);
  });

  test("--progress says nothing where there is no terminal", async () => {
    const { code, stdout, stderr } = await sluice(["--progress", guest("copy-loop")], { input: "abc" });
    assert.deepEqual([code, stdout, stderr], [0, "abc", ""]);
  });
});
