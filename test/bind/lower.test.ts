/** Core functions made of definitions: those of tables, and an embedder's. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { PrimitiveKind, ValType } from "../../src/abi/types.ts";
import { WitError } from "../../src/io/errors.ts";
import { CollectSink } from "../../src/io/memory.ts";
import { Trap } from "../../src/io/trap.ts";
import { jsDefinition } from "../../src/run/embed/js-functions.ts";
import type { CoreFunction } from "../../src/wait/gate.ts";
import { liftFlat, load, Peer } from "../abi/model.ts";
import { BareGuest, type Lowered } from "./support.ts";

// Not among the types of TypeScript's own library.
const { promising } = WebAssembly as unknown as {
  promising(f: CoreFunction): (...args: unknown[]) => Promise<unknown>;
};

const RESULT = 64;
const of = (kind: PrimitiveKind): ValType => ({ kind });

type Imported = Parameters<typeof jsDefinition>[1];

/** A function of the embedder's, in each of the ways in which it may be called. */
function given(guest: BareGuest, params: readonly ValType[], result: ValType | undefined, run: Imported): Lowered {
  const named = params.map((type, index) => ({ name: `p${index}`, type }));
  return guest.lowerDefinition("a:b/c#f", jsDefinition({ async: false, params: named, result }, run));
}

/** The next call has to give way. */
function spend({ instance: { task } }: BareGuest): void {
  task.countCalls(task.callsLeft);
  task.idle();
}

test("a random number may be any, even the one that says that the guest has to wait", () => {
  const guest = new BareGuest({ random: { fill: (into) => void into.fill(0xff) } });
  assert.equal(guest.lower("wasi:random/random", "get-random-u64")(), -1n);
});

test("the call of a table's function that has to give way is made after a turn", async () => {
  for (const [name, member, expected] of [
    ["wasi:cli/stdout", "get-stdout", 1],
    ["wasi:random/random", "get-random-u64", 7n],
  ] as const) {
    const guest = new BareGuest({ random: { fill: (into) => void (into[0] = 7) } });
    const call = promising(guest.lower(name, member));
    spend(guest);
    let turned = false;
    setImmediate(() => (turned = true));
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    assert.equal(await call(), expected);
    assert.equal(turned, true);
  }
});

const VALUES: readonly (readonly [PrimitiveKind, readonly unknown[]])[] = [
  ["bool", [false, true]],
  ["u8", [0, 255]],
  ["s8", [-1, 127]],
  ["u32", [0, 2 ** 32 - 1]],
  ["s32", [-1, 5]],
  ["u64", [0n, 2n ** 64n - 1n]],
  ["s64", [-1n, 5n]],
  ["f32", [-1, 1.5, Number.NaN]],
  ["f64", [-1, 0.1, -0]],
  ["char", ["a", "\u{1f600}"]],
];

/** The value of a core value. */
function lifted(kind: PrimitiveKind, core: unknown): unknown {
  return liftFlat(new Peer("utf8"), of(kind), [core as number | bigint]);
}

test("what an embedder's function gives comes as it is, at once or as a promise, given way or not", async () => {
  for (const [kind, values] of VALUES) {
    for (const value of values) {
      for (const run of [() => value, () => Promise.resolve(value)] as const) {
        for (const givesWay of [false, true]) {
          const guest = new BareGuest();
          const call = promising(given(guest, [], of(kind), run));
          if (givesWay) spend(guest);
          // oxlint-disable-next-line no-await-in-loop -- one after the other
          assert.equal(lifted(kind, await call()), value, `${kind} ${String(value)} ${String(run)} ${givesWay}`);
        }
      }
    }
  }
});

test("what an embedder's function gives at once needs nobody to suspend", () => {
  for (const [kind, values] of VALUES) {
    for (const value of values) {
      const call = given(new BareGuest(), [], of(kind), () => value);
      assert.equal(lifted(kind, call()), value, `${kind} ${String(value)}`);
    }
  }
});

test("a result that is more than one core value is stored where the guest says", async () => {
  const type: ValType = { kind: "tuple", members: [of("string"), of("u8")] };
  for (const run of [() => ["zwölf", 5], () => Promise.resolve(["zwölf", 5])]) {
    const guest = new BareGuest();
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    assert.equal(await promising(given(guest, [], type, run))(RESULT), undefined);
    const peer = new Peer("utf8");
    peer.bytes().set(new Uint8Array(guest.memory.buffer));
    assert.deepEqual(load(peer, type, RESULT), ["zwölf", 5]);
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await assert.rejects(promising(given(guest, [], type, run))(RESULT + 2), /not aligned to 4/);
  }
});

test("16 parameters are passed as they are, and 17 behind a pointer", () => {
  for (const count of [16, 17]) {
    const guest = new BareGuest();
    let seen: unknown[] = [];
    const run = (...args: unknown[]): void => {
      seen = args;
    };
    const call = given(
      guest,
      Array.from({ length: count }, (_, index) => of(index % 2 ? "u64" : "u8")),
      undefined,
      run,
    );
    const values = Array.from({ length: count }, (_, index) => (index % 2 ? BigInt(index) : index));
    if (count === 16) call(...values);
    else {
      for (const [index, value] of values.entries()) {
        if (typeof value === "bigint") guest.view.setBigUint64(RESULT + 8 * index, value, true);
        else guest.view.setUint8(RESULT + 8 * index, value);
      }
      call(RESULT);
      assert.throws(
        () => call(65_536 - 64),
        (error) => error instanceof Trap && /outside/.test(error.message),
      );
    }
    assert.deepEqual(seen, values);
  }
});

test("what an embedder's function throws is the error case if it is that, and else for the embedder", async () => {
  const result: ValType = { kind: "result", ok: undefined, err: undefined };
  const fault = new RangeError("a fault");
  const throwing = (error: unknown) => (): never => {
    throw error;
  };
  const rejecting = (error: unknown) => async (): Promise<never> => throwing(error)();
  for (const wrap of [throwing, rejecting]) {
    const guest = new BareGuest();
    for (const error of [new WitError(undefined, "no"), Object.assign(new Error("no"), { payload: undefined }), "no"]) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      assert.equal(await promising(given(guest, [], result, wrap(error)))(), 1);
    }
    for (const type of [result, of("u8")]) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await assert.rejects(promising(given(guest, [], type, wrap(fault)))(), fault);
    }
  }
});

test("a wrong value from an embedder's function names the function", async () => {
  for (const run of [() => 256, () => Promise.resolve(256)]) {
    const call = promising(given(new BareGuest(), [], of("u8"), run));
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await assert.rejects(call(), /^TypeError: a:b\/c#f: expected u8, a whole number from 0 to 255, got 256$/);
  }
});

for (const [name, args] of [
  ["[method]output-stream.blocking-write-and-flush", [0, 3000]],
  ["[method]input-stream.blocking-read", [0n]],
] as const) {
  test(`3.8 2.3 ${name} that need not wait suspends nobody, however much it brings`, () => {
    // A guest that cannot wait.
    const guest = new BareGuest({ stdin: { text: "there" }, stdout: new CollectSink(), limits: { bufferBytes: 1000 } });
    const isInput = name.includes("input");
    const handle = guest.lower(`wasi:cli/${isInput ? "stdin" : "stdout"}`, isInput ? "get-stdin" : "get-stdout")();
    guest.lower("wasi:io/streams", name)(handle, ...args, 64);
    assert.equal(guest.view.getUint8(64), 0);
  });
}
