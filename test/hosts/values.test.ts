/** Plain values as bytes, and messages of them through a ring. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../testing/properties.ts";
import { Hearing } from "../../src/hosts/isolate/bell.ts";
import type { Message } from "../../src/hosts/isolate/channel.ts";
import { MessageReader, MessageWriter } from "../../src/hosts/isolate/messages.ts";
import { Bells, ringPlaces, wireAt } from "../../src/hosts/isolate/shared-streams.ts";
import { bytesOfValue, valueInBytes } from "../../src/hosts/isolate/values.ts";
import { turn } from "../testing/fixtures.ts";

const RUNS = { numRuns: 2000 };
const plain = fc.anything({
  ...{ withBigInt: true, withDate: true, withMap: true, withSet: true, withTypedArray: true, withSparseArray: false },
  key: fc.oneof(fc.string(), fc.constantFrom("", "__proto__", "constructor")),
});

test("any plain value comes as it was", () => {
  fc.assert(
    fc.property(plain, (value) => {
      assert.deepStrictEqual(valueInBytes(bytesOfValue(value)), structuredClone(value));
    }),
    RUNS,
  );
});

test("a date that is none comes as that", () => {
  assert.deepEqual(valueInBytes(bytesOfValue(new Date(NaN))), new Date(NaN));
});

test("text that is no Unicode comes as it was", () => {
  for (const text of ["\ud800", "a\udc00b", "\u0000", "\ufeff", "\u2028"]) {
    assert.equal(valueInBytes(bytesOfValue(text)), text);
  }
});

test("a view gives its own bytes, and no others of what it is in", () => {
  const whole = new Uint8Array(100).map((_, at) => at);
  const bytes = bytesOfValue([whole.subarray(3, 5), new Uint16Array(whole.buffer, 8, 2)]);
  assert.deepEqual(valueInBytes(bytes), [Uint8Array.of(3, 4), Uint16Array.of(0x0908, 0x0b0a)]);
});

test("what is not plain is refused", () => {
  const itself: unknown[] = [];
  itself.push({ itself });
  for (const value of [() => {}, Symbol("s"), { deep: [() => {}] }, new DataView(new ArrayBuffer(1)), itself]) {
    assert.throws(() => bytesOfValue(value), { name: "TypeError", message: /cannot be given to another thread/ });
  }
});

test("memory that both threads know is that", () => {
  const memory = new SharedArrayBuffer(8);
  assert.deepEqual(valueInBytes(bytesOfValue({ memory, at: 4 }), memory), { memory, at: 4 });
});

test("messages come whole and in order through a ring that has room for a piece of one", async () => {
  const bells = new Bells();
  const [place = assert.fail()] = ringPlaces([64]);
  const hearing = new Hearing(bells.host, setImmediate);
  const wire = wireAt(place, bells.host, bells.guest);
  const writer = new MessageWriter(wire, hearing);
  const reader = new MessageReader(wireAt(place, bells.host, bells.guest), () => place.memory);
  const sent = Array.from({ length: 20 }, (_, number): Message => {
    return { is: "value", number, value: "x".repeat(number * number) };
  });
  for (const message of sent) writer.post(message);
  const received: Message[] = [];
  while (received.length < sent.length) {
    const message = reader.next();
    if (message) received.push(message);
    else await turn();
  }
  assert.deepEqual(received, sent);
  assert.equal(reader.next(), undefined);
});
