/** On a terminal: a pseudo-terminal, from util-linux's `script`. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ended, NO_TERMINAL, onTerminal, until } from "./support.ts";

const CTRL_C = "\x03";
const CTRL_D = "\x04";
const ERASE_LINE = "\r\x1b[K";
/** What the guest says that fails if a standard stream is a terminal. */
async function says(redirections: string): Promise<string> {
  return (await ended(onTerminal(`sluice $G/terminals-none.wasm ${redirections}`))).stdout;
}

describe("terminal", { concurrency: 4, skip: NO_TERMINAL }, () => {
  test("each standard stream says that it is one, alone", async () => {
    assert.match(await says("> /dev/null"), /FAIL: .*stdin/);
    assert.match(await says("< /dev/null"), /FAIL: .*stdout/);
    assert.match(await says("< /dev/null > /dev/null"), /FAIL: .*stderr/);
  });

  test("Ctrl-D ends the input, and the terminal stays as it was", async () => {
    const child = onTerminal("stty -g; echo go; sluice $G/wc.wasm; stty -g");
    await until(child.stdout, "go");
    child.stdin?.write(`one two\nthree\n${CTRL_D}`);
    const { code, stdout } = await ended(child);
    assert.match(stdout, /2 3 14\r\n/);
    assert.equal(code, 0);
  });

  for (const options of ["", "--stats", "--progress"]) {
    test(`Ctrl-C ends the guest, and the terminal stays as it was ${options}`, async () => {
      // The trap keeps the shell alive; the command starts with no traps.
      const child = onTerminal(
        `trap : INT; stty -g; sluice ${options} $G/prompt-before-read.wasm; echo "code $?"; stty -g`,
      );
      const before = await until(child.stdout, "> ");
      child.stdin?.write(CTRL_C);
      const { stdout } = await ended(child);
      assert.match(stdout, /code 130\r\n/);
      assert.equal(/bytes +calls +waits/.test(stdout), options === "--stats");
      const state = /^[\da-f:]+(?=\r\n)/.exec(before)?.[0] ?? "no state";
      assert.ok(stdout.includes(`code 130\r\n${state}\r\n`), stdout);
    });
  }

  test("--progress shows what flows, and erases it at the end", async () => {
    const child = onTerminal("sluice --progress $G/copy-loop.wasm > /dev/null");
    child.stdin?.write("0123456789\n");
    await until(child.stdout, "in 11 B (");
    child.stdin?.write(CTRL_D);
    const { code, stdout } = await ended(child);
    assert.ok(stdout.endsWith(ERASE_LINE), JSON.stringify(stdout.slice(-100)));
    assert.equal(code, 0);
  });

  test("the output of a guest is on the screen at once, line by line", async () => {
    const child = onTerminal("sluice $G/copy-loop.wasm");
    child.stdin?.write("first\n");
    // Once as the terminal's echo, once from the guest.
    await until(child.stdout, "first\r\nfirst\r\n");
    child.stdin?.write(`second\n${CTRL_D}`);
    assert.match((await ended(child)).stdout, /second\r\nsecond\r\n/);
  });
});
