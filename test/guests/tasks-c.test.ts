/** A guest of WASI 0.3 in C, over what wit-bindgen makes: it waits in callbacks, and in the middle of its code. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { instantiate } from "../../src/index.ts";
import { guest, until } from "../run/support.ts";

interface Exports {
  readonly slow: (n: number) => Promise<number>;
  readonly upper: (text: ReadableStream) => Promise<AsyncIterable<Uint8Array>>;
}

test("calls of a guest in C wait side by side, and go on in any order", async () => {
  const waiting: (() => void)[] = [];
  const host = (n: number): Promise<number> => new Promise((resolve) => waiting.push(() => resolve(n * 2)));
  const instance = await instantiate(await guest("tasks-c"), { imports: { host } });
  // As its world says.
  const { slow } = instance.exports as unknown as Exports;
  const calls = [1, 2, 3].map((n) => slow(n));
  await until(() => waiting.length === 3);
  for (const goOn of waiting.toReversed()) goOn();
  assert.deepEqual(await Promise.all(calls), [3, 5, 7]);
  await instance.close();
});

test("a stream goes through a guest in C", async () => {
  const instance = await instantiate(await guest("tasks-c"), { imports: { host: () => 0 } });
  // As above.
  const { upper } = instance.exports as unknown as Exports;
  const decoder = new TextDecoder();
  let came = "";
  const text = "some text, ".repeat(1000);
  for await (const chunk of await upper(new Blob([text]).stream())) came += decoder.decode(chunk);
  assert.equal(came, text.toUpperCase());
  await instance.close();
});
