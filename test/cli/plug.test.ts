/** `--plug`: what one component exports, for another. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { describe, test, type TestContext } from "node:test";
import { canSuspend } from "../../src/wait/suspension.ts";
import { binaryOf } from "../load/made.ts";
import { ended, folder, guest, NOT_UNIX, shell, sluice, start } from "./support.ts";

const STREAMS = guest("virtual-streams");
const IN_THREADS = !canSuspend();

/** The path of one that exports what `http-p3` imports, and imports what there is not. */
function misfit(t: TestContext): string {
  const path = join(folder(t), "misfit.wasm");
  writeFileSync(
    path,
    binaryOf(`
      (component
        (import "a:b/absent" (instance (export "f" (func))))
        (instance $none)
        (export "wasi:cli/environment@0.2.0" (instance $none)))`),
  );
  return path;
}

describe("--plug", { concurrency: 4 }, () => {
  test("gives a component the streams of another", async () => {
    const { code, stdout, stderr } = await sluice(["run", "--plug", STREAMS, guest("hello")]);
    assert.deepEqual([code, stdout, stderr], [0, "HELLO\n", ""]);
  });

  test("what is plugged in has the process's own streams, and the options", async () => {
    const input = "one two\nthree\n";
    const { code, stdout, stderr } = await sluice(["run", "--plug", STREAMS, guest("wc"), "-"], { input });
    assert.deepEqual([code, stdout, stderr], [0, "2 3 14\n", ""]);
  });

  test("each is also given what those before it export", async () => {
    const { code, stdout } = await sluice(["run", "--plug", STREAMS, "--plug", STREAMS, guest("hello")]);
    assert.deepEqual([code, stdout], [0, "HELLO\n"]);
  });

  test("ends with its component, whatever one that is plugged in still reads", async () => {
    // Standard input stays open, and nothing comes.
    const child = start(["run", "--plug", STREAMS, "--invoke", 'play("poll:oi")', guest("stream-user")]);
    assert.equal((await ended(child)).code, 0);
    child.stdin?.end();
  });

  test("goes with --invoke", async () => {
    const call = 'play("check write:12 drop")';
    const { code, stdout } = await sluice(["run", "--plug", STREAMS, "--invoke", call, guest("stream-user")]);
    assert.deepEqual([code, stdout], [0, '0123456789AB["64", "ok", "ok"]\n']);
  });

  test("a trap in it ends the component that uses it, with both in the backtrace", async () => {
    const { code, stdout, stderr } = await sluice(["run", "--plug", STREAMS, guest("bwf-4097")]);
    assert.deepEqual([code, stdout], [134, ""]);
    assert.match(stderr, /bwf-4097\.wasm trapped: unreachable\n( {4}at .*\n){3,}/);
  });

  test("what is served has it for each request", { skip: NOT_UNIX }, async (t) => {
    const plugged = ["--plug", guest("http-p3"), guest("http-middleware-p3")];
    const child = start(["serve", "--addr", "0", "--trace", ...plugged]);
    t.after(() => child.kill("SIGKILL"));
    child.stdin?.end();
    const lines = createInterface({ input: child.stderr ?? process.stdin });
    const said: string[] = [];
    const url = await new Promise<string>((resolve) => {
      lines.on("line", (line) => {
        const [, address] = /^Serving HTTP on (\S+)$/.exec(line) ?? [];
        if (address === undefined) said.push(line);
        else resolve(address);
      });
    });
    for (let count = 0; count < 2; count++) {
      // oxlint-disable no-await-in-loop -- one after the other
      const response = await fetch(`${url}on/hello`, { headers: { connection: "close" } });
      assert.deepEqual([response.status, await response.text()], [299, "hello"]);
      // oxlint-enable no-await-in-loop
    }
    child.kill("SIGTERM");
    assert.equal((await ended(child)).code, 0);
    // Both have the number of their request.
    assert.deepEqual([...new Set(said.map((line) => line.replace(/ .*/, "")))], ["[0]", "[1]"]);
  });

  test("nothing is served where it is not there", async () => {
    const { code, stderr } = await sluice(["serve", "--plug", "absent.wasm", guest("http-p3")]);
    assert.equal(code, 1);
    assert.match(stderr, /absent\.wasm: There is no such file/);
  });

  test("nothing is served where it does not fit", { skip: IN_THREADS }, async (t) => {
    const { code, stderr } = await sluice(["serve", "--plug", misfit(t), guest("http-p3")]);
    assert.equal(code, 1);
    assert.match(stderr, /misfit\.wasm: The component imports what Sluice does not provide/);
  });

  test(
    "where each instance has a thread, each request is told that it does not fit",
    { skip: !IN_THREADS },
    async (t) => {
      const child = start(["serve", "--addr", "0", "--plug", misfit(t), guest("http-p3")]);
      assert.ok(child.stderr);
      const lines = createInterface(child.stderr)[Symbol.asyncIterator]();
      const origin = / (http:\S+)/.exec(String((await lines.next()).value))?.[1];
      assert.equal((await fetch(String(origin))).status, 500);
      assert.match(String((await lines.next()).value), /The component imports what Sluice does not provide/);
      child.kill("SIGTERM");
      assert.equal((await ended(child)).code, 0);
    },
  );

  for (const [what, args, unused] of [
    ["nobody imports it", ["run", "--plug", guest("cat"), guest("hello")], "cat"],
    ["nobody behind it imports it", ["run", "--plug", guest("wait"), "--plug", STREAMS, guest("hello")], "wait"],
    ["another version is imported", ["run", "--plug", STREAMS, guest("p3-cat")], "virtual-streams"],
    ["a core module imports it not", ["run", "--plug", STREAMS, guest("p1/cat")], "virtual-streams"],
    ["nobody who is served imports it", ["serve", "--addr", "0", "--plug", guest("cat"), guest("http-p3")], "cat"],
  ] as const) {
    test(`of no use: ${what}`, async () => {
      const { code, stdout, stderr } = await sluice(args);
      assert.deepEqual([code, stdout], [1, ""]);
      assert.match(
        stderr,
        new RegExp(`${unused}\\.wasm: --plug says nothing here: nobody imports what it exports \\(.*\\); `),
      );
    });
  }

  test("a file that is not there is named", async () => {
    const { code, stderr } = await sluice(["run", "--plug", "absent.wasm", guest("hello")]);
    assert.equal(code, 1);
    assert.match(stderr, /absent\.wasm: There is no such file/);
  });

  test("a reader that leaves is heard of through it", { skip: NOT_UNIX }, async () => {
    const { stdout, stderr } = await shell(
      'sluice run --plug "$G/virtual-streams.wasm" "$G/writer.wasm" 1000000 | head -c 5 | wc -c',
    );
    assert.deepEqual([stdout.trim(), stderr], ["5", "STDOUT: CLOSED\n"]);
  });

  test("everything gets to a slow reader", { skip: NOT_UNIX }, async () => {
    const { stdout } = await shell('sluice run --plug "$G/virtual-streams.wasm" "$G/writer.wasm" 200000 | wc -c');
    assert.equal(stdout.trim(), "200000");
  });
});
