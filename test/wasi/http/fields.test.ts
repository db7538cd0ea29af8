import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../../testing/properties.ts";
import { Trap } from "../../../src/io/trap.ts";
import { FieldMemory } from "../../../src/wasi/http/field-memory.ts";
import { FieldError, Fields, contentLength, permittedFields, type Field } from "../../../src/wasi/http/fields.ts";

const MUCH = new FieldMemory(1 << 20);

const bytes = (text: string): Uint8Array => Uint8Array.from(text, (char) => char.charCodeAt(0));
const shown = (fields: readonly Field[]): string[] =>
  fields.map(([name, value]) => `${name}=${String.fromCharCode(...value)}`);

/** How a call went: its value, or the tag of what it threw. */
function outcome(call: () => unknown): unknown {
  try {
    return call();
  } catch (error) {
    if (error instanceof FieldError) return error.payload.tag;
    throw error;
  }
}

/** The same as a list of pairs, in the shortest words. */
class Model {
  pairs: [string, string][] = [];

  get(name: string): string[] {
    return this.pairs.filter(([other]) => other === name.toLowerCase()).map(([, value]) => value);
  }

  set(name: string, values: readonly string[]): void {
    const key = name.toLowerCase();
    const at = this.pairs.findIndex(([other]) => other === key);
    const before = at < 0 ? this.pairs : this.pairs.slice(0, at);
    const after = at < 0 ? [] : this.pairs.slice(at).filter(([other]) => other !== key);
    this.pairs = [...before, ...values.map((value): [string, string] => [key, value]), ...after];
  }

  append(name: string, value: string): void {
    this.pairs.push([name.toLowerCase(), value]);
  }

  entries(): string[] {
    const names = [...new Set(this.pairs.map(([name]) => name))];
    return names.flatMap((name) => this.get(name).map((value) => `${name}=${value}`));
  }
}

const name = fc.constantFrom("a", "A", "b", "x-C", "!#$%&'*+-.^_`|~9");
const value = fc.string({
  unit: fc
    .integer({ min: 0x20, max: 0xff })
    .filter((code) => code !== 0x7f)
    .map((code) => String.fromCharCode(code)),
  maxLength: 5,
});
const operation = fc.oneof(
  fc.record({ is: fc.constant("append" as const), name, value }),
  fc.record({ is: fc.constant("set" as const), name, values: fc.array(value, { maxLength: 3 }) }),
  fc.record({ is: fc.constant("delete" as const), name }),
);

test("11.2 fields do what a list of pairs does", () => {
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 20 }), (operations) => {
      const fields = new Fields(MUCH);
      const model = new Model();
      for (const each of operations) {
        if (each.is === "append") {
          fields.append(each.name, bytes(each.value));
          model.append(each.name, each.value);
        } else if (each.is === "set") {
          fields.set(each.name, each.values.map(bytes));
          model.set(each.name, each.values);
        } else {
          fields.delete(each.name);
          model.set(each.name, []);
        }
        assert.deepEqual(
          shown(fields.all()),
          model.pairs.map(([key, text]) => `${key}=${text}`),
        );
        assert.deepEqual(shown(fields.entries()), model.entries());
        for (const asked of ["a", "B", "X-c", "none"]) {
          assert.deepEqual(fields.get(asked), model.get(asked).map(bytes));
          assert.equal(fields.has(asked), model.get(asked).length > 0);
        }
      }
      assert.deepEqual(shown(Fields.fromList(fields.entries(), MUCH).entries()), model.entries());
      const copy = fields.clone();
      copy.append("new", bytes("1"));
      assert.equal(fields.has("new"), false);
    }),
  );
});

test("the bytes of a value are the fields' own", () => {
  const given = bytes("a");
  const fields = new Fields(MUCH);
  fields.append("x", given);
  fields.set("y", [given]);
  const listed = Fields.fromList([["z", given]], MUCH);
  given.fill(0);
  assert.deepEqual(shown([...fields.all(), ...listed.all()]), ["x=a", "y=a", "z=a"]);
});

test("11.2 any name and any value is taken, or refused for what is wrong with it", () => {
  const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
  fc.assert(
    fc.property(fc.string({ maxLength: 4 }), fc.uint8Array({ maxLength: 4 }), (anyName, anyValue) => {
      const fields = new Fields(MUCH);
      const isValue = anyValue.every((byte) => byte === 9 || (byte > 31 && byte !== 127));
      const expected = token.test(anyName) && isValue ? undefined : "invalid-syntax";
      assert.equal(
        outcome(() => fields.append(anyName, anyValue)),
        expected,
      );
      assert.equal(
        outcome(() => fields.set(anyName, [anyValue])),
        expected,
      );
      assert.equal(fields.all().length, expected ? 0 : 1);
    }),
  );
});

const FORBIDDEN = [
  "connection",
  "Host",
  "HTTP2-Settings",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "Transfer-Encoding",
  "upgrade",
];

test("11.2 what is the transport's own is forbidden, before all that could be said of its value", () => {
  for (const own of FORBIDDEN) {
    const fields = new Fields(MUCH);
    for (const call of [
      () => fields.append(own, bytes("\n")),
      () => fields.set(own, []),
      () => fields.delete(own),
      () => Fields.fromList([[own, bytes("a")]], MUCH),
    ]) {
      assert.equal(outcome(call), "forbidden", own);
    }
    assert.deepEqual(
      permittedFields([
        [own.toLowerCase(), bytes("a")],
        ["x", bytes("b")],
      ]),
      [["x", bytes("b")]],
    );
  }
});

test("11.2 11.4 what cannot be changed says so, after what is wrong with a name", () => {
  const fields = Fields.from([["a", bytes("1")]], MUCH, true);
  assert.equal(
    outcome(() => fields.append("a", bytes("2"))),
    "immutable",
  );
  assert.equal(
    outcome(() => fields.set("a", [])),
    "immutable",
  );
  assert.equal(
    outcome(() => fields.delete("a")),
    "immutable",
  );
  assert.equal(
    outcome(() => fields.delete("a b")),
    "invalid-syntax",
  );
  assert.equal(
    outcome(() => fields.delete("host")),
    "forbidden",
  );
  assert.deepEqual(shown(fields.all()), ["a=1"]);
  const copy = fields.clone();
  copy.append("a", bytes("2"));
  assert.deepEqual(shown(copy.all()), ["a=1", "a=2"]);
});

test("11.2 a content-length is a u64 in digits", () => {
  const fields = new Fields(MUCH);
  for (const wrong of ["", "-1", "+1", "1.0", "0x1", "1 ", "18446744073709551616", "1".repeat(21)]) {
    assert.equal(
      outcome(() => fields.set("Content-Length", [bytes(wrong)])),
      "invalid-syntax",
      wrong,
    );
  }
  for (const right of ["0", "007", "18446744073709551615"]) {
    fields.set("Content-Length", [bytes(right)]);
    assert.equal(contentLength(fields.all()), BigInt(right));
  }
  fields.set("content-length", [bytes("5"), bytes("5")]);
  assert.equal(contentLength(fields.all()), 5n);
  fields.append("content-length", bytes("6"));
  assert.equal(
    outcome(() => contentLength(fields.all())),
    "invalid-syntax",
  );
  assert.equal(contentLength([]), undefined);
});

test("11.3 fields take so much and no more, however they are made", () => {
  // A name of 1 and two values of 10 bytes.
  const mostBytes = 1 + 32 + 2 * (10 + 40);
  const most = new FieldMemory(mostBytes);
  const ten = bytes("0123456789");
  const full = new Fields(most);
  full.append("a", ten);
  full.append("a", ten);
  full.delete("a");
  full.set("a", [ten, ten]);
  assert.throws(() => full.append("a", bytes("")), Trap);
  for (const call of [
    () =>
      Fields.fromList(
        [
          ["a", ten],
          ["a", ten],
          ["a", bytes("")],
        ],
        most,
      ),
    () =>
      Fields.from(
        [
          ["a", ten],
          ["b", ten],
        ],
        most,
        true,
      ),
    () => new Fields(most).set("a", [ten, ten, ten]),
  ]) {
    assert.throws(call, Trap);
  }
});

test("11.3 all fields of an instance together take 64 times as much, until they are let go of", () => {
  const memory = new FieldMemory(1000);
  const long = new Uint8Array(1000 - 1 - 32 - 40).fill(0x61);
  const all = Array.from({ length: 64 }, () => Fields.fromList([["a", long]], memory));
  assert.equal(memory.heldBytes, 64_000);
  const more = new Fields(memory);
  assert.throws(() => more.append("b", bytes("")), Trap);
  assert.throws(() => all[0]?.clone(), Trap);
  all[0]?.release();
  // Twice is once.
  all[0]?.release();
  more.append("b", bytes(""));
  more.delete("b");
  for (const each of all) each.release();
  assert.equal(memory.heldBytes, 0);
});

/** One whose bytes nobody may look at. */
class Unread extends Uint8Array {
  override every(): boolean {
    return assert.fail("it is looked through");
  }

  override slice(): Uint8Array<ArrayBuffer> {
    return assert.fail("it is copied");
  }
}

test("11.3 values that cannot fit are not looked at: the same bytes may be given any number of times", () => {
  const memory = new FieldMemory(1000);
  const large = new Unread(2000);
  const few = new Unread(100);
  const fields = new Fields(memory);
  for (const call of [
    () => Fields.fromList([["a", large]], memory),
    () =>
      Fields.fromList(
        Array.from({ length: 10 }, (_, at): Field => [`n${at}`, few]),
        memory,
      ),
    () => fields.set("a", [large]),
    () =>
      fields.set(
        "a",
        Array.from({ length: 10 }, () => few),
      ),
    () => fields.append("a", large),
  ]) {
    assert.throws(call, (error) => error instanceof Trap && error.rule === "11.3");
  }
  assert.equal(memory.heldBytes, 0);
});
