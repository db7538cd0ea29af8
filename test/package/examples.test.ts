/** The programs in examples/, as somebody runs them. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { root } from "./support.ts";

const exec = promisify(execFile);

/** What the guest `writer` writes: the numbers from 0 on, 32 bits each, little-endian. */
function reference(count: number): Uint8Array {
  const bytes = new Uint8Array(count);
  const view = new DataView(bytes.buffer);
  for (let at = 0; at + 4 <= count; at += 4) view.setUint32(at, at / 4, true);
  return bytes;
}

/** What the guest `wc` says. */
function wordCount(bytes: Uint8Array): string {
  let [lines, words] = [0, 0];
  let before = 0x20;
  for (const byte of bytes) {
    if (byte === 0x0a) lines++;
    if (!isSpace(byte) && isSpace(before)) words++;
    before = byte;
  }
  return `${lines} ${words} ${bytes.length}`;
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);
}

const OUTPUT: Readonly<Record<string, string>> = {
  "web-stream.js": "2 5 24\n\n",
  "pipe.js": `${wordCount(reference(10_000_000))}\nexit codes 0 and 0\nthe writer wrote 10000000 bytes, and waited often\n`,
  "many.js": "1000 guests wait, and the event loop is free\n1000 were ended: time is up\n",
  "virtual-streams.js": "WRITES 1000 ZERO-PERMITS 999\nexit code 0, 64000 bytes\n",
};

/** Tried where they run: in build.test.ts, and in test/nats/example.test.ts. */
const ELSEWHERE: readonly string[] = ["jobs", "worker.js"];

test("every example is tried", async () => {
  const tried = [...Object.keys(OUTPUT), ...ELSEWHERE];
  assert.deepEqual((await readdir(join(root, "examples"))).toSorted(), tried.toSorted());
});

for (const [name, expected] of Object.entries(OUTPUT)) {
  test(`${name} prints what it says`, { timeout: 300_000 }, async () => {
    const { stdout, stderr } = await exec(process.execPath, [join("examples", name)], { cwd: root });
    assert.deepEqual([stdout, stderr], [expected, ""]);
  });
}

for (const [name, ...options] of [["deno", "run", "--allow-all"], ["bun"]] as const) {
  const file = join(root, "node_modules", ".bin", name);
  // A thousand guests that wait take Bun too long.
  for (const example of ["web-stream.js", "virtual-streams.js"]) {
    test(
      `${example} does the same in ${name}`,
      { timeout: 300_000, skip: !existsSync(file) && "not installed" },
      async () => {
        const { stdout, stderr } = await exec(file, [...options, join("examples", example)], { cwd: root });
        assert.deepEqual([stdout, stderr], [OUTPUT[example], ""]);
      },
    );
  }
}
