/** The handle tables of jco's glue: whatever is in them, in whatever order they come. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../testing/properties.ts";
import { camelCase, pascalCase } from "../../src/abi/names.ts";
import { memberOf } from "../../src/abi/members.ts";
import { Kind } from "../../src/abi/resources.ts";
import { Instance } from "../../src/bind/instance.ts";
import { INTERFACES, loadInterfaces } from "../../src/bind/interfaces.ts";
import { nodePlatform } from "../../src/hosts/node/platform.ts";
import { CollectSink, type Input, type Output } from "../../src/index.ts";
import { Trap } from "../../src/io/trap.ts";
import { DISPOSE, JcoInterfaces, LOWER, REP, type BoundFunction } from "../../src/map/jco.ts";
import { TableKinds, type JcoTable } from "../../src/map/jco-tables.ts";
import { ExitError } from "../../src/run/life.ts";
import type { InstanceOptions } from "../../src/run/options.ts";
import { makeWorld } from "../../src/run/world.ts";
import { Task } from "../../src/wait/task.ts";
import { callEitherWay, FUNCTIONS, hostileArguments, isSuspendError } from "../bind/hostile.ts";
import type { Lowered } from "../bind/support.ts";

await loadInterfaces(INTERFACES.keys());

/** The bit by which the glue of jco marks a rep that is owned, and a free place in a table. */
const FLAG = 1 << 30;

/** A handle table as the glue makes it. */
function emptyTable(): JcoTable {
  return [FLAG, 0];
}

/** What the glue does when a guest drops a handle; gives the rep. */
function removeHandle(table: JcoTable, handle: number): number {
  const rep = (table[(handle << 1) + 1] ?? 0) & ~FLAG;
  table[handle << 1] = (table[0] ?? 0) | FLAG;
  table[0] = handle | FLAG;
  return rep;
}

/** A guest in glue without the glue: memory, an allocator, and every function of every interface, in jco's shapes. */
class JcoGuest {
  readonly memory = new WebAssembly.Memory({ initial: 1 });
  readonly instance: Instance;
  readonly #members: ReadonlyMap<string, Record<string, unknown>>;
  /** The allocator never frees; where it begins is far from what tests use by hand. */
  #top = 32 * 1024;

  constructor(options: InstanceOptions<Input, Output> = {}) {
    const world = makeWorld(nodePlatform, options, (code) => {
      throw new ExitError(code);
    });
    this.instance = new Instance(world, new Task(nodePlatform.loop));
    const jco = new JcoInterfaces(this.instance);
    this.#members = new Map([...INTERFACES].map(([name, table]) => [name, jco.of(table)]));
  }

  get view(): DataView {
    return new DataView(this.memory.buffer);
  }

  /** A class of an interface, or a function that is no method. */
  member(interfaceName: string, name: string): unknown {
    return this.#members.get(interfaceName)?.[name];
  }

  /** @param name By WIT's names, such as `[method]output-stream.check-write`. */
  function(interfaceName: string, name: string): BoundFunction {
    const member = memberOf(name);
    if (!member) return this.member(interfaceName, camelCase(name)) as BoundFunction;
    const owner = this.member(interfaceName, pascalCase(member.resource)) as BoundFunction & { prototype: object };
    if (member.form === "constructor") return owner;
    return Reflect.get(member.form === "static" ? owner : owner.prototype, camelCase(member.name)) as BoundFunction;
  }

  lower(interfaceName: string, name: string, tables: readonly JcoTable[]): Lowered {
    return this.function(interfaceName, name)[LOWER]({
      memory: this.memory,
      realloc: (_old, _oldSize, align, size) => this.#allocate(align, size),
      resourceTables: tables,
    }) as Lowered;
  }

  /** Every function of every interface, with as many tables as any of them takes. */
  lowerAll(tables: readonly JcoTable[]): Map<string, Lowered> {
    return new Map(
      [...INTERFACES.values()].flatMap(({ name, functions }) =>
        Object.keys(functions).map((member) => [`${name}#${member}`, this.lower(name, member, tables)] as const),
      ),
    );
  }

  #allocate(align: number, size: number): number {
    const at = (this.#top + align - 1) & ~(align - 1);
    if (at + size > this.memory.buffer.byteLength) throw new WebAssembly.RuntimeError("the guest is out of memory");
    this.#top = at + size;
    return at;
  }
}

const OUT = "wasi:io/streams";
const CHECK_WRITE = "[method]output-stream.check-write";

interface Streams {
  readonly guest: JcoGuest;
  readonly tables: { readonly errors: JcoTable; readonly outputs: JcoTable; readonly pollables: JcoTable };
  readonly stdout: number;
}

function withStdout(): Streams {
  const guest = new JcoGuest({ stdout: new CollectSink() });
  const tables = { errors: emptyTable(), outputs: emptyTable(), pollables: emptyTable() };
  const stdout = Number(guest.lower("wasi:cli/stdout", "get-stdout", [tables.outputs])());
  return { guest, tables, stdout };
}

test("1.2 tables are recognised in whatever order the glue gives them", () => {
  for (const order of [
    ["errors", "outputs"],
    ["outputs", "errors"],
  ] as const) {
    const { guest, tables, stdout } = withStdout();
    const checkWrite = guest.lower(
      OUT,
      CHECK_WRITE,
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
      OUT,
      "[method]output-stream.subscribe",
      order.map((name) => tables[name]),
    );
    assert.equal(subscribe(stdout), 1);
    assert.equal(tables.pollables.length, 4);
    assert.equal(tables.outputs.length, 4);
    const ready = guest.lower("wasi:io/poll", "[method]pollable.ready", [tables.pollables]);
    assert.equal(ready(1), 1);
  }
});

test("1.2 a table that may be for several kinds is not guessed at", () => {
  const { guest, stdout } = withStdout();
  const unknown = [emptyTable(), emptyTable()];
  const getStdout = guest.lower("wasi:cli/stdout", "get-stdout", unknown);
  assert.equal(stdout, 1);
  assert.throws(() => getStdout(), /Cannot tell which of 2 handle tables is for output-stream/);
});

test("1.2 a table is for what all functions that have it have to do with", () => {
  const kinds = new TableKinds();
  const [a, b, c, d] = [new Kind("a"), new Kind("b"), new Kind("c"), new Kind("d")];
  const [ofA, ofB, ofC, ofD] = [emptyTable(), emptyTable(), emptyTable(), emptyTable()];
  kinds.learn([ofC, ofA, ofB], new Set([a, b, c]));
  assert.equal(kinds.known([ofC, ofA, ofB], a), undefined);
  kinds.learn([ofD, ofB], new Set([b, d]));
  assert.equal(kinds.known([ofD, ofB], b), ofB);
  assert.equal(kinds.known([ofD, ofB], d), ofD);
  // Of the others of the first function each may be either, until one more function has one of them.
  assert.equal(kinds.known([ofC, ofA, ofB], c), undefined);
  kinds.learn([ofC], new Set([c]));
  assert.equal(kinds.known([ofC, ofA, ofB], a), ofA);
  // Glue that gives more tables than there are kinds is believed nothing.
  const other = new TableKinds();
  other.learn([ofA, ofB], new Set([a]));
  assert.equal(other.known([ofA], a), undefined);
});

test("1.2 unknown, dropped, foreign and absurd handles trap", () => {
  const { guest, tables, stdout } = withStdout();
  const checkWrite = guest.lower(OUT, CHECK_WRITE, [tables.errors, tables.outputs]);
  for (const handle of [0, 2, 3, -1, 1 << 29, 1 << 30, 2 ** 31 - 1, -(2 ** 31)]) {
    assert.throws(() => checkWrite(handle, 64), Trap, `handle ${handle}`);
  }
  guest.instance.resources.drop(entryAt(guest, removeHandle(tables.outputs, stdout)));
  assert.throws(() => checkWrite(stdout, 64), /unknown handle/);
});

test("1.2 a handle with bits beyond its table is none, though shifted it would be", () => {
  const { guest, tables, stdout } = withStdout();
  const checkWrite = guest.lower(OUT, CHECK_WRITE, [tables.errors, tables.outputs]);
  for (const bits of [1 << 30, 0x8000_0000, 0xc000_0000]) {
    assert.throws(() => checkWrite(stdout | bits, 64), /unknown handle/, `handle ${stdout} with ${bits}`);
    assert.throws(() => checkWrite(stdout + bits, 64), /unknown handle/, `handle ${stdout} and ${bits}`);
  }
  // As it is in a list, where all of its bits are read.
  const subscribe = guest.lower(OUT, "[method]output-stream.subscribe", [tables.outputs, tables.pollables]);
  const pollable = Number(subscribe(stdout));
  const poll = guest.lower("wasi:io/poll", "poll", [tables.pollables]);
  guest.view.setUint32(128, pollable, true);
  poll(128, 1, 64);
  for (const bits of [1 << 30, 0x8000_0000, 0xc000_0000]) {
    guest.view.setUint32(128, (pollable | bits) >>> 0, true);
    assert.throws(() => poll(128, 1, 64), /unknown handle/, `handle ${pollable} with ${bits}`);
  }
  checkWrite(stdout, 64);
});

test("1.2 a place that is free keeps its old rep, and is no handle all the same", () => {
  const { guest, tables, stdout } = withStdout();
  const getStdout = guest.lower("wasi:cli/stdout", "get-stdout", [tables.outputs]);
  const checkWrite = guest.lower(OUT, CHECK_WRITE, [tables.errors, tables.outputs]);
  // The resource stays, as that of another handle might.
  removeHandle(tables.outputs, stdout);
  assert.throws(() => checkWrite(stdout, 64), /unknown handle/);
  // The place is used again.
  assert.equal(getStdout(), stdout);
  checkWrite(stdout, 64);
  assert.equal(tables.outputs.length, 4);
});

test("1.2 a rep that was used again does not answer to an old handle", () => {
  const { guest, tables, stdout } = withStdout();
  const getStdout = guest.lower("wasi:cli/stdout", "get-stdout", [tables.outputs]);
  const checkWrite = guest.lower(OUT, CHECK_WRITE, [tables.errors, tables.outputs]);
  guest.instance.resources.drop(entryAt(guest, removeHandle(tables.outputs, stdout)));
  guest.instance.resources.add(new Kind<null>("something else"), null);
  assert.throws(() => checkWrite(stdout, 64), Trap);
  const again = Number(getStdout());
  checkWrite(again, 64);
});

test("1.2 over the limit of resources the guest traps, and the limit is named", () => {
  const guest = new JcoGuest({ limits: { resources: 10 } });
  const table = emptyTable();
  const getStdout = guest.lower("wasi:cli/stdout", "get-stdout", [table]);
  for (let index = 0; index < 10; index++) getStdout();
  assert.throws(() => getStdout(), /resource table has no free keys.*limits\.resources/);
});

test("1.1 1.2 any call with any arguments and tables traps, exits or answers: nothing else", () => {
  const names = [...new JcoGuest().lowerAll([]).keys()];
  // All of 0.2.12 but resource drops.
  assert.equal(names.length, FUNCTIONS);
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.constantFrom(...names), hostileArguments), { maxLength: 30 }), (calls) => {
      const guest = new JcoGuest({ stdin: { text: "some input" }, stdout: new CollectSink() });
      const tables = [emptyTable(), emptyTable(), emptyTable()];
      const functions = guest.lowerAll(tables);
      for (const [name, args] of calls) {
        try {
          callEitherWay(functions.get(name), args);
        } catch (error) {
          const ours = error instanceof Trap || error instanceof WebAssembly.RuntimeError;
          const ambiguous = error instanceof Error && /Cannot tell which of/.test(error.message);
          assert.ok(ours || ambiguous || isSuspendError(error), `${name}(${args.join()}): ${String(error)}`);
        }
      }
    }),
    { numRuns: 300 },
  );
});

test("instances of classes stand for resources, as long as they live, and for those of their kind", () => {
  const guest = new JcoGuest({ stdout: new CollectSink() });
  const stdout = guest.function("wasi:cli/stdout", "get-stdout")() as { [REP]: number };
  const checkWrite = guest.function(OUT, CHECK_WRITE);
  const OutputStream = guest.member(OUT, "OutputStream") as { new (): object; [DISPOSE](rep: number): void };
  assert.ok(stdout instanceof OutputStream);
  assert.equal(checkWrite.call(stdout), 65_536n);
  const pollable = guest.function(OUT, "[method]output-stream.subscribe").call(stdout);
  assert.equal(guest.function("wasi:io/poll", "[method]pollable.ready").call(pollable), true);
  for (const other of [pollable, undefined, null, {}, { [REP]: 77 }, new OutputStream(), 1]) {
    assert.throws(() => checkWrite.call(other), /^TypeError: Expected a live resource output-stream/, String(other));
  }
  assert.throws(() => OutputStream[DISPOSE](stdout[REP]), /resource has children/);
  OutputStream[DISPOSE]((pollable as { [REP]: number })[REP]);
  OutputStream[DISPOSE](stdout[REP]);
  assert.throws(() => checkWrite.call(stdout), /^TypeError: Expected a live resource output-stream/);
  assert.throws(() => OutputStream[DISPOSE](stdout[REP]), /drop of an unknown resource 1/);
});

function entryAt({ instance: { resources } }: JcoGuest, rep: number) {
  const entry = resources.get(rep);
  assert.ok(entry);
  return entry;
}
