/** The process's own stdin and stdout, as other processes see them. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { buffer } from "node:stream/consumers";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const copy = `"${process.execPath}" "${fileURLToPath(new URL("children/copy.ts", import.meta.url))}"`;

/** What `script` writes, and its exit code. */
function shell(script: string): { readonly text: string; readonly code: number | null } {
  const { stdout, stderr, status } = spawnSync("sh", ["-c", script], { encoding: "utf8" });
  assert.equal(stderr, "");
  return { text: stdout, code: status };
}

test("7.2 what a process has not read is there for the next one on the same pipe", () => {
  assert.deepEqual(shell(`printf 0123456789 | (${copy} 4; echo; cat)`), { text: "0123\n456789", code: 0 });
});

test("7.2 a process that had to wait leaves the rest for the next one too", () => {
  assert.deepEqual(shell(`(cat /dev/null; exec printf 0123456789) | (${copy} 4; echo; cat)`), {
    text: "0123\n456789",
    code: 0,
  });
});

test("7.4 a reader that leaves is closed, and the process goes on", () => {
  const { stdout } = spawnSync("sh", ["-c", `exec 4>&1; (${copy} < /dev/zero; echo $? >&4) | head -c 10 >/dev/null`], {
    encoding: "utf8",
  });
  assert.equal(stdout, "3\n");
});

test("3.16 a full device is a failure", () => {
  assert.equal(shell(`printf x | ${copy} > /dev/full`).code, 4);
});

test("7.2 a directory as stdin is a failure", () => {
  assert.equal(shell(`${copy} < /`).code, 4);
});

test("a pipe that is shared with other processes does not become non-blocking for them", () => {
  const { text } = shell(
    `printf x | (${copy} >/dev/null; grep flags /proc/self/fdinfo/0); ` +
      `(printf x | ${copy} >&2; grep flags /proc/self/fdinfo/2) 2>&1 | cat`,
  );
  const flags = [...text.matchAll(/flags:\s*(\d+)/g)].map(([, octal]) => Number.parseInt(octal ?? "", 8));
  assert.equal(flags.length, 2);
  for (const flag of flags) assert.equal(flag & 0o4000, 0);
});

test("files are read and written in order", () => {
  assert.deepEqual(
    shell(
      `seq 1 50000 > /tmp/$$.in; ${copy} < /tmp/$$.in > /tmp/$$.out; cmp /tmp/$$.in /tmp/$$.out; rm /tmp/$$.in /tmp/$$.out`,
    ),
    {
      text: "",
      code: 0,
    },
  );
});

test("sockets, as Node gives to its children, carry everything in both directions", async () => {
  const child = spawn(process.execPath, [fileURLToPath(new URL("children/copy.ts", import.meta.url))], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const sent = Buffer.alloc(1_000_000);
  for (let index = 0; index < sent.length; index++) sent[index] = index % 251;
  child.stdin.end(sent);
  const received = await buffer(child.stdout);
  assert.ok(sent.equals(received), `${received.length} bytes came back`);
});

test("where one stream is refused, no other is open", { skip: process.platform !== "linux" }, () => {
  const child = `"${process.execPath}" "${fileURLToPath(new URL("children/refused.ts", import.meta.url))}"`;
  assert.equal(shell(`printf x | ${child} | cat`).text, "2 refused, 0 open\n");
});
