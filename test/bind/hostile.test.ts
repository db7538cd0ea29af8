/** A guest may pass anything: what comes of it is a trap of its own, or nothing; never a crash of the host, or a hang. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { INTERFACES } from "../../src/bind/interfaces.ts";
import { LOWER, type JcoTable } from "../../src/bind/jco.ts";
import { CollectSink, Trap } from "../../src/index.ts";
import { BareGuest, emptyTable, removeHandle } from "./support.ts";

const OUT = ["wasi:io/streams", "OutputStream"] as const;

interface Streams {
  guest: BareGuest;
  tables: { errors: JcoTable; outputs: JcoTable; pollables: JcoTable };
  stdout: number;
}

function withStdout(): Streams {
  const guest = new BareGuest({ stdout: new CollectSink() });
  const tables = { errors: emptyTable(), outputs: emptyTable(), pollables: emptyTable() };
  const stdout = Number(guest.lower(["wasi:cli/stdout", "getStdout"], [tables.outputs])());
  return { guest, tables, stdout };
}

test("1.2 tables are recognised in whatever order the glue gives them", () => {
  for (const order of [
    ["errors", "outputs"],
    ["outputs", "errors"],
  ] as const) {
    const { guest, tables, stdout } = withStdout();
    const checkWrite = guest.lower(
      [...OUT, "checkWrite"],
      order.map((name) => tables[name]),
    );
    checkWrite(stdout, 64);
    assert.equal(guest.view.getUint8(64), 0);
    assert.equal(guest.view.getBigUint64(72, true), 65_536n);
  }
});

test("1.2 a new pollable goes to the table that is not the stream's", () => {
  for (const order of [
    ["pollables", "outputs"],
    ["outputs", "pollables"],
  ] as const) {
    const { guest, tables, stdout } = withStdout();
    const subscribe = guest.lower(
      [...OUT, "subscribe"],
      order.map((name) => tables[name]),
    );
    assert.equal(subscribe(stdout), 1);
    assert.equal(tables.pollables.length, 4);
    assert.equal(tables.outputs.length, 4);
    const ready = guest.lower(["wasi:io/poll", "Pollable", "ready"], [tables.pollables]);
    assert.equal(ready(1), 1);
  }
});

test("1.2 unknown, dropped, foreign and absurd handles trap", () => {
  const { guest, tables, stdout } = withStdout();
  const checkWrite = guest.lower([...OUT, "checkWrite"], [tables.errors, tables.outputs]);
  for (const handle of [0, 2, 3, -1, 1 << 29, 1 << 30, 2 ** 31 - 1, -(2 ** 31)]) {
    assert.throws(() => checkWrite(handle, 64), Trap, `handle ${handle}`);
  }
  guest.instance.resources.drop(removeHandle(tables.outputs, stdout));
  assert.throws(() => checkWrite(stdout, 64), /unknown handle/);
});

test("1.2 a rep that was used again does not answer to an old handle", () => {
  const { guest, tables, stdout } = withStdout();
  const getStdout = guest.lower(["wasi:cli/stdout", "getStdout"], [tables.outputs]);
  const checkWrite = guest.lower([...OUT, "checkWrite"], [tables.errors, tables.outputs]);
  guest.instance.resources.drop(removeHandle(tables.outputs, stdout));
  guest.instance.resources.add({ name: "something else" }, null);
  assert.throws(() => checkWrite(stdout, 64), Trap);
  const again = Number(getStdout());
  checkWrite(again, 64);
});

test("1.1 pointers outside the memory, and crooked ones, trap and change nothing", () => {
  const { guest, tables, stdout } = withStdout();
  const all = [tables.errors, tables.outputs];
  const checkWrite = guest.lower([...OUT, "checkWrite"], all);
  const write = guest.lower([...OUT, "write"], all);
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
  const { guest, tables, stdout } = withStdout();
  const checkWrite = guest.lower([...OUT, "checkWrite"], [tables.errors, tables.outputs]);
  checkWrite(stdout, 64);
  guest.memory.grow(1);
  checkWrite(stdout, 65_536 + 64);
  assert.equal(guest.view.getBigUint64(65_536 + 72, true), 65_536n);
});

test("1.2 over the limit of resources the guest traps, and the limit is named", () => {
  const guest = new BareGuest({ limits: { resources: 10 } });
  const table = emptyTable();
  const getStdout = guest.lower(["wasi:cli/stdout", "getStdout"], [table]);
  for (let index = 0; index < 10; index++) getStdout();
  assert.throws(() => getStdout(), /resource table has no free keys.*limits\.resources/);
});

test("1.5 more random bytes than the limit trap instead of being allocated", () => {
  const guest = new BareGuest();
  const getRandomBytes = guest.lower(["wasi:random/random", "getRandomBytes"], []);
  assert.throws(() => getRandomBytes(-1n, 64), /limits\.randomBytes/);
});

/** As many as the interfaces have. */
const FUNCTIONS = 71;

/** Every function of every interface, with as many empty tables as any of them takes. */
function allFunctions(guest: BareGuest, tables: readonly JcoTable[]): Map<string, (...args: unknown[]) => unknown> {
  const functions = new Map<string, (...args: unknown[]) => unknown>();
  for (const [name, make] of INTERFACES) {
    for (const [member, value] of Object.entries(make(guest.instance, guest.world))) {
      if (LOWER in Object(value)) {
        functions.set(`${name}#${member}`, guest.lower([name, member], tables));
        continue;
      }
      const { prototype } = value as { prototype: object };
      // Methods are made when they are asked for, in what the prototype inherits from.
      for (const method of Object.getOwnPropertyNames(Object.getPrototypeOf(prototype))) {
        functions.set(`${name}#${member}.${method}`, guest.lower([name, member, method], tables));
      }
    }
  }
  // All of 0.2.12 but resource drops.
  assert.equal(functions.size, FUNCTIONS);
  return functions;
}

const hostileNumber = fc.oneof(
  fc.integer({ min: -4, max: 8 }),
  fc.integer({ min: 65_500, max: 65_540 }),
  fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
);

test("1.1 1.2 any call with any arguments traps, exits or answers: nothing else", () => {
  const names = [...allFunctions(new BareGuest(), [])].map(([name]) => name);
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.constantFrom(...names), fc.array(hostileNumber, { minLength: 12, maxLength: 12 })), {
        maxLength: 30,
      }),
      (calls) => {
        const guest = new BareGuest({ stdin: { text: "some input" }, stdout: new CollectSink() });
        const tables = [emptyTable(), emptyTable(), emptyTable()];
        const functions = allFunctions(guest, tables);
        for (const [name, args] of calls) {
          try {
            callEitherWay(functions.get(name), args);
          } catch (error) {
            const ours = error instanceof Trap || error instanceof WebAssembly.RuntimeError;
            const ambiguous = error instanceof Error && /Cannot tell which of/.test(error.message);
            assert.ok(ours || ambiguous || isSuspendError(error), `${name}(${args.join()}): ${String(error)}`);
          }
        }
      },
    ),
    { numRuns: 300 },
  );
});

/**
 * Which parameters are i64, and so bigint from JavaScript, is not known here. They are converted one after the other, so
 * the one that was asked last is the one that does not fit.
 */
function callEitherWay(fn: ((...args: unknown[]) => unknown) | undefined, args: readonly number[]): void {
  const wide = new Set<number>();
  for (;;) {
    let asked = -1;
    const values = args.map((value, index) => ({
      [Symbol.toPrimitive]: () => {
        asked = index;
        return wide.has(index) ? BigInt(value) : value;
      },
    }));
    try {
      fn?.(...values);
      return;
    } catch (error) {
      const misfit = error instanceof TypeError && /BigInt/.test(error.message);
      if (!misfit || wide.has(asked)) throw error;
      wide.add(asked);
    }
  }
}

/** A call that has to wait, from JavaScript, where there is nobody to suspend. */
function isSuspendError(error: unknown): boolean {
  return error instanceof Error && /suspend/i.test(`${error.name} ${error.message}`);
}
