/** Fields against a list of pairs, which is all that they are. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../../testing/properties.ts";
import { Trap } from "../../../src/io/trap.ts";
import { FieldMemory } from "../../../src/wasi/http/field-memory.ts";
import {
  contentLength,
  FieldError,
  Fields,
  permittedFields,
  sendable,
  sizeOf,
  type Field,
} from "../../../src/wasi/http/fields.ts";

const LIMIT = 1000;
const bytes = (text: string): Uint8Array => Uint8Array.from(text, (char) => char.charCodeAt(0));
const text = (value: Uint8Array): string => String.fromCharCode(...value);
const shown = (fields: readonly Field[]): string[] => fields.map(([name, value]) => `${name}=${text(value)}`);

const FORBIDDEN = [
  "connection",
  "host",
  "http2-settings",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "transfer-encoding",
  "upgrade",
];

type Outcome = FieldError["payload"]["tag"] | "trap" | "ok";

/** What a call comes to, as the model has it: the rules in their order. */
class Model {
  list: [string, string][] = [];
  readonly isImmutable: boolean;

  constructor(isImmutable: boolean) {
    this.isImmutable = isImmutable;
  }

  #name(name: string): Outcome {
    if (!/^[\w!#$%&'*+\-.^`|~]+$/.test(name)) return "invalid-syntax";
    return FORBIDDEN.includes(name.toLowerCase()) ? "forbidden" : "ok";
  }

  #value(name: string, value: string): Outcome {
    const isLength = name.toLowerCase() !== "content-length" || /^\d{1,19}$/.test(value);
    // oxlint-disable-next-line no-control-regex -- what it is about
    return isLength && !/[\u0000-\u0008\u000a-\u001f\u007f]/.test(value) ? "ok" : "invalid-syntax";
  }

  #to(list: [string, string][]): Outcome {
    this.list = list;
    const names = new Set(list.map(([name]) => name));
    let size = list.reduce((sum, [, value]) => sum + value.length + 40, 0);
    for (const name of names) size += name.length + 32;
    return size > LIMIT ? "trap" : "ok";
  }

  /** Before values are looked at. */
  #fit(values: readonly string[]): Outcome {
    return values.reduce((sum, value) => sum + value.length + 40, 0) > LIMIT ? "trap" : "ok";
  }

  set(name: string, values: string[]): Outcome {
    const key = name.toLowerCase();
    const first = [
      this.#name(name),
      this.isImmutable ? "immutable" : "ok",
      this.#fit(values),
      ...values.map((value) => this.#value(name, value)),
    ];
    const wrong = first.find((outcome) => outcome !== "ok");
    if (wrong) return wrong as Outcome;
    const at = this.list.findIndex(([other]) => other === key);
    const kept = this.list.map((pair) => pair[0] === key).lastIndexOf(true);
    const added = values.map((value): [string, string] => [key, value]);
    if (kept < 0) return this.#to([...this.list, ...added]);
    const rest = (from: number, to?: number): [string, string][] =>
      this.list.slice(from, to).filter(([other]) => other !== key);
    return this.#to([...rest(0, at), ...added, ...rest(at)]);
  }

  append(name: string, value: string): Outcome {
    const wrong = [
      this.#name(name),
      this.#fit([value]),
      this.#value(name, value),
      this.isImmutable ? "immutable" : "ok",
    ].find((outcome) => outcome !== "ok");
    if (wrong) return wrong as Outcome;
    return this.#to([...this.list, [name.toLowerCase(), value]]);
  }

  delete(name: string): Outcome {
    const wrong = [this.#name(name), this.isImmutable ? "immutable" : "ok"].find((outcome) => outcome !== "ok");
    if (wrong) return wrong as Outcome;
    return this.#to(this.list.filter(([other]) => other !== name.toLowerCase()));
  }
}

function outcomeOf(call: () => void): Outcome {
  try {
    call();
    return "ok";
  } catch (error) {
    if (error instanceof Trap) return "trap";
    if (error instanceof FieldError) return error.payload.tag;
    throw error;
  }
}

const name = fc.constantFrom("a", "A", "x-b", "X-B", "content-length", "Host", "upgrade", "", "a b", "\u00e9", "c:");
const value = fc.oneof(
  fc.constantFrom("", "1", "18446744073709551615", "a\u00ff", "\t", "a\nb", "\u0000", "\u007f"),
  fc.constant("v".repeat(300)),
);
const step = fc.oneof(
  fc.record({ call: fc.constant("set" as const), name, values: fc.array(value, { maxLength: 3 }) }),
  fc.record({ call: fc.constant("append" as const), name, values: fc.tuple(value) }),
  fc.record({ call: fc.constant("delete" as const), name, values: fc.constant([]) }),
);

test("11.2 fields are a list of pairs", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), fc.boolean(), (steps, isImmutable) => {
      // Twenty digits are a number too, if it is one of 64 bits.
      const model = new Model(isImmutable);
      const fields = new Fields(new FieldMemory(LIMIT), isImmutable);
      for (const { call, name: given, values } of steps) {
        if ((values as readonly string[]).includes("18446744073709551615") && given === "content-length") continue;
        const expected =
          call === "set"
            ? model.set(given, values)
            : call === "append"
              ? model.append(given, values[0] ?? "")
              : model.delete(given);
        const seen = outcomeOf(() => {
          if (call === "set") fields.set(given, values.map(bytes));
          else if (call === "append") fields.append(given, bytes(values[0] ?? ""));
          else fields.delete(given);
        });
        assert.equal(seen, expected, `${call} ${given} ${values.join(",")}`);
        // A trap is the end.
        if (seen === "trap") return;
        assert.deepEqual(
          shown(fields.all()),
          model.list.map(([key, each]) => `${key}=${each}`),
        );
        const key = given.toLowerCase();
        assert.deepEqual(
          fields.get(given).map(text),
          model.list.filter(([other]) => other === key).map(([, each]) => each),
        );
        assert.equal(
          fields.has(given),
          model.list.some(([other]) => other === key),
        );
        const names = [...new Set(model.list.map(([other]) => other))];
        assert.deepEqual(
          shown(fields.entries()),
          names.flatMap((other) => model.list.filter(([each]) => each === other).map(([, each]) => `${other}=${each}`)),
        );
        assert.ok(sizeOf(fields.all()) <= LIMIT);
      }
    }),
    { numRuns: 3000 },
  );
});

test("11.2 a list is checked as a whole, and its bytes are copied", () => {
  const given = bytes("1");
  const fields = Fields.fromList([["X-A", given]], new FieldMemory(LIMIT));
  given[0] = 0x32;
  assert.deepEqual(shown(fields.all()), ["x-a=1"]);
  for (const [list, tag] of [
    [
      [
        ["a", bytes("1")],
        ["host", bytes("1")],
      ],
      "forbidden",
    ],
    [[["a b", bytes("1")]], "invalid-syntax"],
    [[["content-length", bytes("-1")]], "invalid-syntax"],
    [[["content-length", bytes("18446744073709551616")]], "invalid-syntax"],
    [[["a", new Uint8Array(100)]], "invalid-syntax"],
    [[["a", new Uint8Array(LIMIT)]], "trap"],
    [[["a", new Uint8Array(LIMIT).fill(0x20)]], "trap"],
  ] satisfies [Field[], Outcome][]) {
    assert.equal(
      outcomeOf(() => void Fields.fromList(list, new FieldMemory(LIMIT))),
      tag,
    );
  }
});

test("11.4 what was not read from a guest is taken as it is, and cannot be changed unless it is copied", () => {
  const fields = Fields.from([["host", bytes("\u0001")]], new FieldMemory(LIMIT), true);
  assert.equal(
    outcomeOf(() => fields.append("a", bytes("1"))),
    "immutable",
  );
  const copy = fields.clone();
  copy.append("a", bytes("1"));
  assert.deepEqual(shown(copy.all()), ["host=\u0001", "a=1"]);
  assert.deepEqual(shown(fields.all()), ["host=\u0001"]);
  assert.equal(
    outcomeOf(() => fields.clone(true).delete("a")),
    "immutable",
  );
});

test("11.2 no names but the guest's own are passed on, in any case", () => {
  const given = [...FORBIDDEN, "x"].map((each): Field => [each, bytes("1")]);
  assert.deepEqual(shown(permittedFields(given)), ["x=1"]);
});

test("a length is one number, however often it is said", () => {
  const lengths = (...values: string[]): Field[] => values.map((each) => ["content-length", bytes(each)]);
  assert.equal(contentLength([]), undefined);
  assert.equal(contentLength(lengths("5", "5")), 5n);
  assert.deepEqual(shown(sendable([["a", bytes("1")], ...lengths("5", "5"), ["b", bytes("2")]])), [
    "a=1",
    "content-length=5",
    "b=2",
  ]);
  assert.equal(contentLength(lengths("18446744073709551615")), 2n ** 64n - 1n);
  for (const wrong of [["5", "6"], ["5", "05"], ["+5"], ["0x5"], [""], ["18446744073709551616"], ["1".repeat(100)]]) {
    assert.throws(() => contentLength(lengths(...wrong)), FieldError, wrong.join());
  }
});
