/** A guest that takes too long is ended, whatever it does. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { computesForEver } from "./made.ts";
import { ended, folder, guest, start } from "./support.ts";

const TRAPPED = 134;

describe("--timeout", { concurrency: 2 }, () => {
  for (const option of [["--timeout", "1ms"], ["--timeout=0.001s"], ["-W", "timeout=1ms"], ["--wasm", "timeout=1ms"]]) {
    test(`${option.join(" ")} ends a guest that waits`, async () => {
      const { code, stderr } = await ended(start([...option, guest("prompt-before-read")]));
      assert.equal(code, TRAPPED);
      assert.match(stderr, /prompt-before-read\.wasm trapped: it ran for longer than 1 ms \(--timeout\)\n$/);
    });
  }

  test("ends a guest that only computes, and --stats says what it carried", async (t) => {
    const path = join(folder(t), "forever.wasm");
    writeFileSync(path, computesForEver());
    const { code, stderr } = await ended(start(["--timeout", "1ms", "--stats", path]));
    assert.equal(code, TRAPPED);
    assert.match(
      stderr,
      /bytes +calls +waits\n(?:.*\n){3}sluice: .*forever\.wasm trapped: it ran for longer than 1 ms/,
    );
  });

  // More than a timer of Node's can be set to.
  for (const time of ["1h", "9999h"]) {
    test(`leaves others alone: ${time}`, async () => {
      const { code, stdout, stderr } = await ended(start(["--timeout", time, guest("hello")]));
      assert.deepEqual([code, stdout, stderr], [0, "hello\n", ""]);
    });
  }

  test("an exit code, a trap and a refusal are what they are without it", async () => {
    const exit = await ended(start(["--timeout", "1h", guest("exit-status"), "7"]));
    assert.deepEqual([exit.code, exit.stdout], [1, "leaving"]);
    const missing = await ended(start(["--timeout", "1h", "no-such-file.wasm"]));
    assert.equal(missing.code, 1);
    assert.match(missing.stderr, /^sluice: .*no-such-file\.wasm/);
  });

  for (const wrong of ["", "soon", "0", "0.0s", "-1s", "1d", "1 s"]) {
    test(`${JSON.stringify(wrong)} is no duration`, async () => {
      const { code, stderr } = await ended(start([`--timeout=${wrong}`, guest("hello")]));
      assert.equal(code, 1);
      assert.match(stderr, /^sluice: --timeout expects a duration from 1ms on, such as 30s, 500ms or 2m, got /);
    });
  }
});
