/** Resources of the host's that are made when somebody asks for them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Kind, Resources, type Unmade } from "../../src/abi/resources.ts";

const PARENT: Kind<string> = new Kind("parent");
const CHILD: Kind<{ drop(): void }> = new Kind("child");

/** Tells what becomes of what it makes. */
function telling(): { readonly told: string[]; readonly unmade: Unmade } {
  const told: string[] = [];
  return {
    told,
    unmade: {
      make({ kind }) {
        told.push(`make ${kind.name}`);
        return { drop: () => void told.push("drop") };
      },
      dropped: ({ kind }) => void told.push(`dropped ${kind.name}`),
    },
  };
}

test("what is not made yet is made once, when somebody asks for it, and dropped as what it is", () => {
  const resources = new Resources(10);
  const { told, unmade } = telling();
  const parent = resources.add(PARENT, "parent");
  const entry = resources.addUnmade(CHILD, unmade, parent);
  assert.deepEqual([told, parent.children], [[], 1]);
  const { value } = entry;
  assert.equal(entry.value, value);
  assert.deepEqual(told, ["make child"]);
  entry.drop();
  assert.deepEqual([told, parent.children], [["make child", "drop"], 0]);
});

test("what nobody has asked for is never made, whether it is dropped or its instance is over", () => {
  const resources = new Resources(10);
  const { told, unmade } = telling();
  const parent = resources.add(PARENT, "parent");
  resources.addUnmade(CHILD, unmade, parent).drop();
  resources.addUnmade(CHILD, unmade, parent);
  assert.deepEqual(resources.clear(), []);
  assert.deepEqual(told, ["dropped child", "dropped child"]);
});

test("what is not made yet counts as what is", () => {
  const resources = new Resources(2);
  const { unmade } = telling();
  const parent = resources.add(PARENT, "parent");
  resources.addUnmade(CHILD, unmade, parent);
  assert.throws(() => resources.addUnmade(CHILD, unmade, parent), /no free keys/);
  assert.equal(parent.children, 1);
});

test("what there is no place for is dropped, as nobody has it", () => {
  const resources = new Resources(1);
  const { told, unmade } = telling();
  const parent = resources.add(PARENT, "parent");
  assert.throws(() => resources.add(PARENT, "one", () => void told.push("one")), /no free keys/);
  assert.throws(() => resources.add(PARENT, "two", { drop: () => void told.push("two") }, parent), /no free keys/);
  assert.throws(() => resources.addUnmade(CHILD, unmade, parent), /no free keys/);
  assert.deepEqual([told, parent.children], [["one", "two", "dropped child"], 0]);
  const failing = (): void => {
    throw new Error("the disk is gone");
  };
  assert.throws(() => resources.add(PARENT, "three", failing), /the disk is gone/);
  parent.drop();
  resources.add(PARENT, "another").drop();
});
