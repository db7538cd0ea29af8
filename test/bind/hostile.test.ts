/** A guest may pass anything: what comes of it is a trap of its own, or nothing; never a crash of the host, or a hang. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../testing/properties.ts";
import { Kind } from "../../src/abi/resources.ts";
import { OUTPUT_STREAM } from "../../src/bind/io.ts";
import { CollectSink, MemoryFiles, MemoryNetwork, Trap } from "../../src/index.ts";
import { ERROR_CODES } from "../../src/wasi/filesystem/error-code.ts";
import { jsDefinition } from "../../src/run/embed/js-functions.ts";
import { callEitherWay, FUNCTIONS, hostileArguments, isSuspendError } from "./hostile.ts";
import { BareGuest, type Lowered } from "./support.ts";

interface Streams {
  readonly guest: BareGuest;
  readonly stdout: number;
  readonly getStdout: Lowered;
  readonly checkWrite: Lowered;
  readonly write: Lowered;
}

function withStdout(): Streams {
  const guest = new BareGuest({ stdout: new CollectSink() });
  const getStdout = guest.lower("wasi:cli/stdout", "get-stdout");
  const checkWrite = guest.lower("wasi:io/streams", "[method]output-stream.check-write");
  const write = guest.lower("wasi:io/streams", "[method]output-stream.write");
  return { guest, stdout: Number(getStdout()), getStdout, checkWrite, write };
}

test("1.2 a handle is what it was given for, and a new pollable has a handle of its own", () => {
  const { guest, stdout, checkWrite } = withStdout();
  checkWrite(stdout, 64);
  assert.equal(guest.view.getUint8(64), 0);
  assert.equal(guest.view.getBigUint64(72, true), 65_536n);
  const pollable = guest.lower("wasi:io/streams", "[method]output-stream.subscribe")(stdout);
  assert.equal(pollable, stdout + 1);
  const ready = guest.lower("wasi:io/poll", "[method]pollable.ready");
  assert.equal(ready(pollable), 1);
  assert.throws(() => ready(stdout), /unknown handle: 1 is not a live pollable/);
  assert.throws(() => checkWrite(pollable, 64), /unknown handle: 2 is not a live output-stream/);
});

test("1.2 unknown, dropped, foreign and absurd handles trap", () => {
  const { guest, stdout, checkWrite } = withStdout();
  for (const handle of [0, 2, 3, -1, 1 << 29, 1 << 30, 2 ** 31 - 1, -(2 ** 31)]) {
    assert.throws(() => checkWrite(handle, 64), Trap, `handle ${handle}`);
  }
  for (const bits of [1 << 30, 0x8000_0000, 0xc000_0000]) {
    assert.throws(() => checkWrite(stdout | bits, 64), Trap, `handle ${stdout} with ${bits}`);
  }
  guest.drop(OUTPUT_STREAM, stdout);
  assert.throws(() => checkWrite(stdout, 64), /unknown handle/);
  assert.throws(() => guest.drop(OUTPUT_STREAM, stdout), /unknown handle/);
});

test("1.2 a rep and a handle that were used again do not answer to an old handle", () => {
  const { guest, stdout, getStdout, checkWrite } = withStdout();
  guest.drop(OUTPUT_STREAM, stdout);
  const other = new Kind<null>("something else");
  guest.handles.own(other, guest.instance.resources.add(other, null));
  assert.throws(() => checkWrite(stdout, 64), Trap);
  const again = Number(getStdout());
  checkWrite(again, 64);
});

test("1.1 pointers outside the memory, and crooked ones, trap and change nothing", () => {
  const { stdout, checkWrite, write } = withStdout();
  for (const at of [65_536, 65_528, -1, -16, 63, 68]) {
    assert.throws(() => checkWrite(stdout, at), Trap, `result at ${at}`);
  }
  checkWrite(stdout, 64);
  for (const [pointer, count] of [
    [65_535, 2],
    [0, -1],
    [-1, 1],
    [1, 2 ** 31 - 1],
  ]) {
    assert.throws(() => write(stdout, pointer, count, 64), Trap, `${count} bytes at ${pointer}`);
  }
});

test("1.1 memory that grows between calls is seen", () => {
  const { guest, stdout, checkWrite } = withStdout();
  checkWrite(stdout, 64);
  guest.memory.grow(1);
  checkWrite(stdout, 65_536 + 64);
  assert.equal(guest.view.getBigUint64(65_536 + 72, true), 65_536n);
});

test("1.2 over the limit of resources the guest traps, and the limit is named", () => {
  const guest = new BareGuest({ limits: { resources: 10 } });
  const getStdout = guest.lower("wasi:cli/stdout", "get-stdout");
  for (let index = 0; index < 10; index++) getStdout();
  assert.throws(() => getStdout(), /resource table has no free keys.*limits\.resources/);
});

test("1.5 more random bytes than the limit trap instead of being allocated", () => {
  const guest = new BareGuest();
  const getRandomBytes = guest.lower("wasi:random/random", "get-random-bytes");
  assert.throws(() => getRandomBytes(-1n, 64), /limits\.randomBytes/);
});

test("4.13 more pollables than the limit trap before the list is read", () => {
  const guest = new BareGuest({ limits: { pollables: 10 } });
  const poll = guest.lower("wasi:io/poll", "poll");
  const pollable = Number(guest.lower("wasi:clocks/monotonic-clock", "subscribe-duration")(0n));
  for (let index = 0; index < 11; index++) guest.view.setUint32(1024 + 4 * index, pollable, true);
  poll(1024, 10, 64);
  assert.equal(guest.view.getUint32(68, true), 10);
  // What is in it is no handle at all.
  guest.view.setUint32(1024, 99, true);
  assert.throws(() => poll(1024, 11, 64), /11 pollables, but one call takes at most 10 \(limits\.pollables\)/);
});

test("8.5 a write of more than limits.writeBytes takes the first of it, and says so", () => {
  const files = MemoryFiles.from({ f: "" });
  const guest = new BareGuest({ preopens: { "/": files.root() }, limits: { writeBytes: 100 } });
  guest.lower("wasi:filesystem/preopens", "get-directories")(64);
  const directory = guest.view.getUint32(guest.view.getUint32(64, true), true);
  guest.view.setUint8(1024, "f".charCodeAt(0));
  guest.lower("wasi:filesystem/types", "[method]descriptor.open-at")(directory, 0, 1024, 1, 0, 2, 64);
  const file = guest.view.getUint32(68, true);
  guest.lower("wasi:filesystem/types", "[method]descriptor.write")(file, 0, 65_536, 0n, 64);
  assert.deepEqual([guest.view.getUint8(64), guest.view.getBigUint64(72, true)], [0, 100n]);
});

test("limits.listedEntries bounds what is read of directories at a time, over all of them", () => {
  const files = MemoryFiles.from(Object.fromEntries(Array.from({ length: 10 }, (_, index) => [`f${index}`, ""])));
  const guest = new BareGuest({ preopens: { "/": files.root() }, limits: { listedEntries: 25 } });
  guest.lower("wasi:filesystem/preopens", "get-directories")(64);
  const directory = guest.view.getUint32(guest.view.getUint32(64, true), true);
  const list = guest.lower("wasi:filesystem/types", "[method]descriptor.read-directory");
  const outcomes = Array.from({ length: 3 }, () => {
    list(directory, 64);
    return guest.view.getUint8(64) === 0 ? "ok" : ERROR_CODES[guest.view.getUint8(68)];
  });
  assert.deepEqual(outcomes, ["ok", "ok", "insufficient-memory"]);
});

test("1.1 a guest that calls while it allocates traps", () => {
  const guest = new BareGuest({ stdout: new CollectSink() });
  const checkWrite = guest.lower("wasi:io/streams", "[method]output-stream.check-write");
  const stdout = Number(guest.lower("wasi:cli/stdout", "get-stdout")());
  guest.mayLeave.value = 0;
  assert.throws(() => checkWrite(stdout, 64), Trap);
});

test("sockets that are not granted are there, and denied", () => {
  const guest = new BareGuest();
  const functions = guest.lowerAll();
  for (const name of [
    "wasi:sockets/tcp-create-socket#create-tcp-socket",
    "wasi:sockets/udp-create-socket#create-udp-socket",
  ]) {
    functions.get(name)?.(0, 64);
    assert.deepEqual([guest.view.getUint8(64), guest.view.getUint8(68)], [1, 1], name);
  }
});

test("every function of every interface is there", () => {
  // All of 0.2.12 but resource drops.
  assert.equal(new BareGuest().lowerAll().size, FUNCTIONS);
});

test("1.1 1.2 any call with any arguments traps, exits or answers: nothing else", () => {
  const names = [...new BareGuest().lowerAll().keys()];
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.constantFrom(...names), hostileArguments), { maxLength: 30 }), (calls) => {
      const network = { udp: true, lookup: true, on: new MemoryNetwork() };
      const guest = new BareGuest({ stdin: { text: "some input" }, stdout: new CollectSink(), network });
      const functions = guest.lowerAll();
      for (const [name, args] of calls) {
        try {
          callEitherWay(functions.get(name), args);
        } catch (error) {
          const ours = error instanceof Trap || error instanceof WebAssembly.RuntimeError;
          assert.ok(ours || isSuspendError(error), `${name}(${args.join()}): ${String(error)}`);
          // One that goes on all the same.
          guest.mayLeave.value = 1;
        }
      }
    }),
    { numRuns: 300 },
  );
});

test("1.5 text that is longer than any path is told of as too long, and not read", () => {
  const guest = new BareGuest({ preopens: { "/": new MemoryFiles().root() } });
  guest.memory.grow(1);
  guest.lower("wasi:filesystem/preopens", "get-directories")(64);
  const create = guest.lower("wasi:filesystem/types", "[method]descriptor.create-directory-at");
  // No UTF-8: who read it would trap.
  new Uint8Array(guest.memory.buffer, 65_536).fill(0xff);
  create(1, 65_536, 12_289, 128);
  assert.equal(guest.view.getUint8(128), 1);
  assert.equal(guest.view.getUint8(129), ERROR_CODES.indexOf("name-too-long"));
  assert.throws(() => create(1, 65_536, 12_288, 128), /not valid UTF-8/);
  assert.throws(() => create(1, 65_536, 2 ** 31, 128), /outside the guest's memory/);
});

const words = jsDefinition(
  {
    params: [{ name: "words", type: { kind: "list", element: { kind: "string" }, length: undefined } }],
    result: undefined,
    async: false,
  },
  (given: string[]) => void given.length,
);

test("1.5 the same bytes of a guest become values only so often in one call", () => {
  const guest = new BareGuest({ limits: { valueBytes: 10_000 } }, true);
  const say = guest.lowerDefinition("a:b/c#say", words);
  const { view } = guest;
  for (let index = 0; index < 100; index++) {
    view.setUint32(1024 + index * 8, 8192, true);
    view.setUint32(1024 + index * 8 + 4, 1000, true);
  }
  say(1024, 8);
  say(1024, 8);
  assert.throws(
    () => say(1024, 9),
    /a string of 1000 bytes: a call takes 10800, of at most 10000 \(limits\.valueBytes\)/,
  );
  assert.throws(() => say(1024, 2000), /a list of 400000 bytes/);
});
