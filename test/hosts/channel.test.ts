/** Calls between threads: who is told that somebody waits for the other one, and when. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Channel, type Message } from "../../src/hosts/node/isolate/channel.ts";

/** A port whose other side is this test. */
function channel(): { readonly channel: Channel; readonly sent: Message[]; readonly busy: boolean[] } {
  const sent: Message[] = [];
  const busy: boolean[] = [];
  const made = new Channel({ on: () => {}, postMessage: (message) => void sent.push(message as Message) }, {});
  made.onBusy = (isBusy) => void busy.push(isBusy);
  return { channel: made, sent, busy };
}

test("a thread is waited for from the first call to the last answer", async () => {
  const { channel: calls, busy } = channel();
  const [first, second] = [calls.call("a"), calls.call("b")];
  calls.hear({ is: "value", number: 2, value: "b" });
  assert.deepEqual(busy, [true]);
  calls.hear({ is: "value", number: 1, value: "a" });
  assert.deepEqual(busy, [true, false]);
  assert.deepEqual(await Promise.all([first, second]), ["a", "b"]);
});

test("an answer that comes after the end changes nothing: who ends the thread waits for that", async () => {
  const { channel: calls, busy } = channel();
  const call = calls.call("a");
  calls.end(new Error("enough"));
  await assert.rejects(call, /enough/);
  assert.deepEqual(busy, [true, false]);
  calls.hear({ is: "value", number: 1, value: "a" });
  assert.deepEqual(busy, [true, false]);
});
