/** Calls between threads: who is told that somebody waits for the other one, and when. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Channel, type Message } from "../../src/hosts/isolate/channel.ts";
import { wireOf } from "../../src/hosts/isolate/errors.ts";

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

test("a call that blocks takes its answer alone: what came before is heard later, in order", async () => {
  const heard: string[] = [];
  const coming: Message[] = [
    { is: "call", number: 0, name: "note", args: ["one"] },
    { is: "call", number: 0, name: "note", args: ["two"] },
    { is: "value", number: 1, value: 5 },
    { is: "error", number: 2, error: wireOf(new RangeError("far")) },
  ];
  const fetch = (): Message => coming.shift() ?? assert.fail("nothing comes");
  const port = { on: () => {}, postMessage: () => {} };
  const calls = new Channel(
    port,
    { note: (text: string) => void heard.push(text) },
    {
      fetch,
      soon: setImmediate,
    },
  );
  assert.equal(calls.callNow("five"), 5);
  assert.throws(() => calls.callNow("far"), RangeError);
  assert.deepEqual(heard, []);
  calls.hear({ is: "call", number: 0, name: "note", args: ["three"] });
  assert.deepEqual(heard, ["one", "two", "three"]);
  calls.end(new Error("enough"));
  assert.throws(() => calls.callNow("five"), /enough/);
});
