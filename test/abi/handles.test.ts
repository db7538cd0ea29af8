import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../testing/properties.ts";
import { HandleCount, HandleTable, type BorrowScope, type ResourceType } from "../../src/abi/handles.ts";
import { Entry, entryOf, Kind, Resources } from "../../src/abi/resources.ts";
import { Trap } from "../../src/io/trap.ts";
import { newGuest } from "./support.ts";

/** A resource type that notes what is dropped. */
class Noted implements ResourceType {
  readonly definer = undefined;
  readonly dropped: unknown[] = [];
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }

  drop(rep: unknown): void {
    this.dropped.push(rep);
  }
}

function newScope(): BorrowScope {
  return { callee: {}, borrows: 0 };
}

test("handles are numbers from 1, each for a resource of one type", () => {
  const table = new HandleTable(new HandleCount(10));
  const [thing, other] = [new Noted("thing"), new Noted("other")];
  assert.equal(table.own(thing, "a"), 1);
  assert.equal(table.own(other, "b"), 2);
  assert.deepEqual(table.of(thing, 1), { type: thing, rep: "a", scope: undefined, lends: 0 });
  assert.equal(table.find(other, 1), undefined);
  assert.throws(() => table.of(other, 1), /unknown handle: 1 is not a live other of this instance/);
  assert.throws(() => table.of(new Noted(""), 1), /1 is not a live resource of this instance/);
});

test("1.2 what is no handle is unknown", () => {
  const table = new HandleTable(new HandleCount(10));
  const thing = new Noted("thing");
  table.own(thing, "a");
  for (const index of [0, -1, 2, 0.5, 2 ** 28, 2 ** 30 + 1, 2 ** 31 + 1, 2 ** 32 - 1, Number.NaN]) {
    for (const use of ["of", "take", "drop", "release"] as const) {
      assert.throws(() => table[use](thing, index), Trap, `${use} ${index}`);
    }
    assert.equal(table.find(thing, index), undefined);
  }
});

test("1.2 a handle is dropped once, and its number is used again", () => {
  const table = new HandleTable(new HandleCount(10));
  const [thing, other] = [new Noted("thing"), new Noted("other")];
  const [first, second] = [table.own(thing, "a"), table.own(thing, "b")];
  table.drop(thing, first);
  assert.deepEqual(thing.dropped, ["a"]);
  for (const use of ["of", "take", "drop", "release"] as const) {
    assert.throws(() => table[use](thing, first), /unknown handle: 1/, use);
  }
  assert.equal(table.own(other, "c"), first);
  assert.throws(() => table.drop(thing, first), /unknown handle: 1 is not a live thing/);
  assert.equal(table.own(thing, "d"), 3);
  assert.equal(table.take(thing, second), "b");
  assert.deepEqual([thing.dropped, other.dropped], [["a"], []]);
});

test("1.2 what is taken is not dropped, and is nobody's here any more", () => {
  const table = new HandleTable(new HandleCount(10));
  const thing = new Noted("thing");
  assert.equal(table.take(thing, table.own(thing, "a")), "a");
  assert.throws(() => table.take(thing, 1), /unknown handle: 1/);
  assert.equal(table.release(thing, table.own(thing, "b")), "b");
  assert.deepEqual(thing.dropped, []);
});

test("1.2 a borrowed handle is counted until it is dropped, which drops nothing, and is not given away", () => {
  const table = new HandleTable(new HandleCount(10));
  const thing = new Noted("thing");
  const scope = newScope();
  const [one, other] = [table.borrow(thing, "a", scope), table.borrow(thing, "a", scope)];
  assert.equal(scope.borrows, 2);
  assert.throws(() => table.take(thing, one), /handle 1 is borrowed: it cannot be given away/);
  table.drop(thing, one);
  assert.equal(scope.borrows, 1);
  assert.equal(table.release(thing, other), undefined);
  assert.equal(scope.borrows, 0);
  assert.deepEqual(thing.dropped, []);
  assert.throws(() => table.drop(thing, other), /unknown handle/);
});

test("1.2 a handle that is lent is neither dropped nor given away", () => {
  const { guest } = newGuest();
  const { handles } = guest;
  const thing = new Noted("thing");
  const own = handles.own(thing, "a");
  const borrowed = handles.borrow(thing, "b", newScope());
  const lent = [guest.lend(thing, own), guest.lend(thing, own), guest.lend(thing, borrowed)];
  assert.deepEqual(
    lent.map(({ handle }) => handle.rep),
    ["a", "a", "b"],
  );
  assert.equal(handles.of(thing, own).lends, 2);
  for (const use of ["take", "drop", "release"] as const) {
    assert.throws(() => handles[use](thing, own), /handle 1 is lent to a call that has not returned/, use);
  }
  assert.throws(() => handles.drop(thing, borrowed), /handle 2 is lent/);
  guest.giveBack();
  assert.equal(handles.of(thing, own).lends, 0);
  guest.giveBack();
  assert.equal(handles.of(thing, own).lends, 0);
  handles.drop(thing, own);
  handles.drop(thing, borrowed);
  assert.deepEqual(thing.dropped, ["a"]);
});

test("1.2 over the limit it traps, and the limit is named; what is dropped makes room", () => {
  const table = new HandleTable(new HandleCount(3));
  const thing = new Noted("thing");
  const scope = newScope();
  const handles = [table.own(thing, "a"), table.own(thing, "b"), table.borrow(thing, "c", scope)];
  const message = /resource table has no free keys: this instance already holds 3 resources \(limits\.resources\)/;
  for (let twice = 0; twice < 2; twice++) {
    assert.throws(() => table.own(thing, "d"), message);
    assert.throws(() => table.borrow(thing, "d", scope), message);
  }
  for (const handle of handles) {
    table.drop(thing, handle);
    assert.equal(table.own(thing, "d"), handle);
    assert.throws(() => table.own(thing, "e"), message);
  }
});

test("1.2 what traps over the limit changes nothing: no loan is counted, and the numbers that are free stay so", () => {
  const count = new HandleCount(2);
  const table = new HandleTable(count);
  const thing = new Noted("thing");
  const [first, second] = [table.own(thing, "a"), table.own(thing, "b")];
  table.drop(thing, first);
  const other = new HandleTable(count);
  other.own(thing, "c");
  const scope = newScope();
  assert.throws(() => table.borrow(thing, "d", scope), /no free keys/);
  assert.throws(() => table.own(thing, "d"), /no free keys/);
  assert.equal(scope.borrows, 0);
  other.forgetAll();
  assert.equal(table.own(thing, "d"), first);
  assert.equal(second, 2);
});

test("what stands in for a resource forgets handles that are let go", () => {
  let forgotten = 0;
  const table = new HandleTable(new HandleCount(3), { close: () => assert.fail(), forget: () => void forgotten++ });
  const thing = new Noted("thing");
  const handles = [table.own(thing, "a"), table.own(thing, "b"), table.borrow(thing, "c", newScope())] as const;
  assert.equal(forgotten, 0);
  table.drop(thing, handles[0]);
  table.take(thing, handles[1]);
  table.release(thing, handles[2]);
  assert.equal(forgotten, 3);
});

type Step = { readonly do: "own" | "borrow" | "drop" | "take" | "lend" | "back"; readonly at: number };

test("a table does as a list of what is in it", () => {
  const step: fc.Arbitrary<Step> = fc.record({
    do: fc.constantFrom("own", "own", "borrow", "drop", "take", "lend", "back"),
    at: fc.nat(9),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const { guest } = newGuest();
      const { handles } = guest;
      const types = [new Noted("even"), new Noted("odd")] as const;
      const scope = newScope();
      const live = new Map<number, { type: Noted; rep: number; borrowed: boolean; lends: number }>();
      let made = 0;
      const reps = [new Set<number>(), new Set<number>()] as const;
      for (const { do: action, at } of steps) {
        const known = live.get(at);
        const type = types[known ? Number(known.type === types[1]) : at % 2] ?? types[0];
        const attempt = (): unknown => {
          if (action === "own") return handles.own(type, ++made);
          if (action === "borrow") return handles.borrow(type, ++made, scope);
          if (action === "lend") return guest.lend(type, at).handle.rep;
          if (action === "back") return guest.giveBack();
          return handles[action](type, at);
        };
        if (action === "back") {
          attempt();
          for (const one of live.values()) one.lends = 0;
        } else if (action === "own" || action === "borrow") {
          if (live.size === 10) {
            // A call that traps is the guest's last.
            assert.throws(attempt, /no free keys/);
            return;
          }
          const handle = Number(attempt());
          assert.ok(handle > 0 && handle <= live.size + 1 + steps.length && !live.has(handle));
          live.set(handle, { type, rep: made, borrowed: action === "borrow", lends: 0 });
        } else if (!known || (action !== "lend" && known.lends > 0) || (action === "take" && known.borrowed)) {
          assert.throws(attempt, Trap);
        } else if (action === "lend") {
          assert.equal(attempt(), known.rep);
          known.lends++;
        } else {
          const got = attempt();
          live.delete(at);
          if (action === "take") assert.equal(got, known.rep);
          else if (!known.borrowed) reps[types.indexOf(known.type)]?.add(known.rep);
        }
        for (const [handle, { type: of, rep, lends }] of live) {
          const found = handles.of(of, handle);
          assert.deepEqual([found.rep, found.lends], [rep, lends]);
        }
        assert.equal(scope.borrows, [...live.values()].filter(({ borrowed }) => borrowed).length);
        assert.deepEqual(
          types.map(({ dropped }) => new Set(dropped)),
          reps,
        );
      }
    }),
    { numRuns: 500 },
  );
});

test("a resource of the host's is dropped with the handle that owns it, once, and its rep is used again", () => {
  const resources = new Resources(2);
  const table = new HandleTable(new HandleCount(10));
  const kind = new Kind<string>("thing");
  const dropped: string[] = [];
  const entry = resources.add(kind, "a", () => void dropped.push("a"));
  assert.deepEqual([entry.rep, entry.isLive], [1, true]);
  table.drop(kind, table.own(kind, entry));
  assert.deepEqual([dropped, entry.isLive], [["a"], false]);
  assert.throws(() => entry.drop(), /drop of an unknown resource 1/);
  const again = resources.add(kind, "b");
  assert.equal(again.rep, 1);
  assert.throws(() => entry.drop(), /drop of an unknown resource 1/);
  assert.equal(resources.get(1), again);
  resources.add(kind, "c");
  for (let twice = 0; twice < 2; twice++) assert.throws(() => resources.add(kind, "d"), /limits\.resources/);
});

test("1.3 a resource is not dropped before those that came from it", () => {
  const resources = new Resources(10);
  const kind = new Kind<null>("thing");
  const parent = resources.add(kind, null);
  const child = resources.add(kind, null, undefined, parent);
  assert.throws(() => parent.drop(), /resource has children: thing 1 was dropped before 1 that came from it/);
  assert.equal(parent.isLive, true);
  child.drop();
  parent.drop();
  assert.deepEqual([child.isLive, parent.isLive], [false, false]);
});

test("who lets go of a resource without dropping it has it no more", () => {
  const resources = new Resources(10);
  const kind = new Kind<null>("thing");
  const parent = resources.add(kind, null);
  const child = resources.add(kind, null, () => assert.fail("it is not dropped"), parent);
  resources.release(child);
  assert.equal(resources.get(2), undefined);
  assert.throws(() => resources.release(child), /release of an unknown resource 2/);
  parent.drop();
});

test("7.9 at the end all resources are dropped, in whatever order, and no handle is good any more", () => {
  const { guest } = newGuest();
  const kind = new Kind<string>("thing");
  const dropped: string[] = [];
  const parent = guest.resources.add(kind, "a", () => void dropped.push("a"));
  const handles = [parent, guest.resources.add(kind, "b", () => void dropped.push("b"), parent)].map((entry) =>
    guest.insert(entry),
  );
  assert.deepEqual(
    handles.map((handle) => guest.value(kind, handle)),
    ["a", "b"],
  );
  guest.resources.clear();
  assert.deepEqual(dropped, ["a", "b"]);
  for (const handle of handles) assert.throws(() => guest.lookup(kind, handle), /unknown handle/);
  guest.resources.clear();
  assert.deepEqual(dropped, ["a", "b"]);
});

test("before anybody looks at a resource, what stands in for it is settled", () => {
  let settled = 0;
  const resources = new Resources(10, () => void settled++);
  const kind = new Kind<null>("thing");
  const entry = resources.add(kind, null);
  assert.equal(settled, 0);
  for (const [at, look] of [
    () => resources.get(1),
    () => resources.settle(),
    () => resources.drop(entry),
    () => resources.clear(),
  ].entries()) {
    look();
    assert.equal(settled, at + 1);
  }
});

test("what a handle of the host's stands for is an entry, and nothing else", () => {
  const entry = new Entry(new Resources(1), 0, new Kind<null>("thing"), null);
  assert.equal(entryOf(entry), entry);
  for (const rep of [1, undefined, null, {}]) assert.throws(() => entryOf(rep), TypeError);
});
