/** Compiling the same bytes twice in one process. */
import assert from "node:assert/strict";
import crypto from "node:crypto";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { compile, InvalidComponentError } from "../../src/index.ts";
import { guest, turn } from "../run/support.ts";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

test("the same bytes are compiled once, also while they are being compiled", async () => {
  const [bytes, others] = await Promise.all([guest("hello"), guest("echo")]);
  const [first, second, other] = await Promise.all([compile(bytes), compile(bytes.slice()), compile(others)]);
  assert.equal(first, second);
  assert.equal(await compile(bytes), first);
  assert.notEqual(other, first);
});

test("bytes that have changed meanwhile are others", async () => {
  const buffer = new Uint8Array(await guest("hello"));
  const hello = await compile(buffer);
  const echo = await guest("echo");
  buffer.set(echo.subarray(0, buffer.length));
  await assert.rejects(compile(buffer), InvalidComponentError);
  assert.equal(await compile(await guest("hello")), hello);
});

test("many bytes are known by a digest that is made after a while, and none is made before", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const hash = t.mock.method(crypto, "hash");
  const buffer = new Uint8Array(await guest("files-go"));
  const bytes = buffer.slice();
  const first = await compile(buffer);
  assert.equal(await compile(bytes), first);
  t.mock.timers.tick(999);
  assert.equal(hash.mock.callCount(), 0);
  t.mock.timers.tick(1);
  assert.equal(hash.mock.callCount(), 1);
  assert.equal(await compile(bytes), first);
  assert.equal(hash.mock.callCount(), 2);
  // Its header is not.
  buffer[0] = 1;
  await assert.rejects(compile(buffer), InvalidComponentError);
});

test("a failure is told anew each time", async () => {
  const bytes = new Uint8Array([1, 2, 3]);
  const first: unknown = await compile(bytes).catch((error: unknown) => error);
  const second: unknown = await compile(bytes).catch((error: unknown) => error);
  assert.ok(first instanceof InvalidComponentError);
  assert.ok(second instanceof InvalidComponentError);
  assert.notEqual(first, second);
});

test("what nobody holds is collected, and compiled anew", async () => {
  const bytes = await guest("wc");
  const hold = new WeakRef(await compile(bytes));
  for (let round = 0; round < 20 && hold.deref(); round++) {
    // oxlint-disable-next-line no-await-in-loop -- one turn after the other
    await turn();
    collectGarbage();
  }
  assert.equal(hold.deref(), undefined);
  assert.ok(await compile(bytes));
});
