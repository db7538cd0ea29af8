/** What goes from host to host because a guest of WASI 0.3 has brought both ends together: others get their turn all the same. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { CountingLoop } from "./hostile.ts";
import { BareGuest } from "./support.ts";

test("4.9 a guest that gives its input to its output keeps nobody else from the event loop", async () => {
  const loop = new CountingLoop();
  const chunk = new Uint8Array(16);
  // It has more for ever, at once, and so has whoever reads it.
  let pulled = 0;
  const stdin = (): Uint8Array | null => (++pulled < 5000 ? chunk : null);
  let written = 0;
  const stdout = (bytes: Uint8Array): void => void (written += bytes.length);
  const guest = new BareGuest({ stdin, stdout }, true, loop);
  const functions = guest.lowerP3();
  functions.get("wasi:cli/stdin#read-via-stream")?.(1024);
  functions.get("wasi:cli/stdout#write-via-stream")?.(guest.view.getUint32(1024, true));
  while (written < 4999 * chunk.length) {
    // oxlint-disable-next-line no-await-in-loop -- until all has come
    await new Promise((resolve) => void setImmediate(resolve));
  }
  // Its clock says that it is overdue whenever it is asked, which is after about a thousand calls' worth of work.
  assert.ok(loop.turns > 20, `${loop.turns} turns for ${pulled} pieces`);
});
