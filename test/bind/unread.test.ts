/** What is longer than may be is refused before it is read or copied: a guest may give the same bytes any number of times. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { networkOf } from "../../src/run/network.ts";
import { nodePlatform } from "../../src/hosts/node/platform.ts";
import { Trap } from "../../src/io/trap.ts";
import { grantedP3, P3Arguments } from "./p3-arguments.ts";
import { BareGuest, promising } from "./support.ts";

const RESULT = 1024;
const LIST = 65_536;
const TEXT = 2 ** 20;
const PAGES = 63;
const LONGEST_NAME = 65_536;
const MOST_FIELDS = 16_384;

function guestOfFields(): { call: (name: string, ...args: number[]) => Promise<unknown>; guest: BareGuest } {
  const guest = new BareGuest({ limits: { fieldBytes: 2 ** 24 } });
  guest.memory.grow(PAGES);
  new Uint8Array(guest.memory.buffer, TEXT).fill("a".charCodeAt(0));
  const functions = guest.lowerAll();
  return { guest, call: async (name, ...args) => promising(functions.get(`wasi:http/types#${name}`))(...args) };
}

/** Pairs of one name and no bytes. */
function list(guest: BareGuest, count: number, nameLength: number): void {
  const pairs = new Uint32Array(guest.memory.buffer, LIST, count * 4);
  for (let at = 0; at < pairs.length; at += 4) pairs.set([TEXT, nameLength, 0, 0], at);
}

test("11.3 a name of more than 65,536 bytes is none", async () => {
  const { call, guest } = guestOfFields();
  const fields = Number(await call("[constructor]fields"));
  // oxlint-disable no-await-in-loop -- one after the other
  for (const [length, isSet] of [
    [LONGEST_NAME, 1],
    [LONGEST_NAME + 1, 0],
  ] as const) {
    await call("[method]fields.append", fields, TEXT, length, 0, 0, RESULT);
    // Of a result: "ok", or the first error, which is `invalid-syntax`.
    assert.deepEqual([guest.view.getUint8(RESULT), guest.view.getUint8(RESULT + 1)], [1 - isSet, 0]);
    assert.equal(await call("[method]fields.has", fields, TEXT, length), isSet);
  }
});

test("1.5 a list of more than 16,384 fields traps, and so does one of names that take more than a call's values may", async () => {
  const { call, guest } = guestOfFields();
  const from = (count: number): Promise<unknown> => call("[static]fields.from-list", LIST, count, RESULT);
  list(guest, MOST_FIELDS, 1);
  await from(MOST_FIELDS);
  assert.equal(guest.view.getUint8(RESULT), 0);
  const isTrap = (error: unknown): boolean => error instanceof Trap && error.rule === "1.5";
  await assert.rejects(() => from(MOST_FIELDS + 1), isTrap);
  guest.mayLeave.value = 1;
  const fields = Number(await call("[constructor]fields"));
  await assert.rejects(() => call("[method]fields.set", fields, TEXT, 1, LIST, MOST_FIELDS + 1, RESULT), isTrap);
  guest.mayLeave.value = 1;
  list(guest, 100, LONGEST_NAME);
  await assert.rejects(() => from(100), isTrap);
});

test("10.7 a datagram that is too large is not copied, also where calls are traced", async (t) => {
  const options = grantedP3();
  const network = await networkOf(nodePlatform, options.network || true);
  const traced: string[] = [];
  const trace = (call: string, _: readonly unknown[], outcome: string): void => void traced.push(`${call} ${outcome}`);
  const guest = new BareGuest({ ...options, trace }, true, nodePlatform.loop, { network });
  const functions = guest.lowerP3();
  const name = "wasi:sockets/types#[method]udp-socket.send";
  const { args } = await (await P3Arguments.of(guest, functions)).for(name);
  guest.memory.grow(PAGES);
  const slice = t.mock.method(Uint8Array.prototype, "slice");
  const bytes = TEXT;
  await promising(functions.get(name))(...args.with(1, 0).with(2, bytes));
  const copied = slice.mock.calls.filter((call) => (call.this as Uint8Array).length === bytes);
  assert.equal(copied.length, 0);
  // As it is shown by what ended it.
  assert.match(traced.at(-1) ?? "", /udp-socket.send.*datagram-too-large/);
});
