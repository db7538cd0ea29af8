/** The permit: one line for each behaviour, then all short sequences against a model. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Permit, type PermitMode } from "../../src/io/permit.ts";
import { outcomeOf, playPermit, sequences } from "./play.ts";

// Hundreds of thousands of errors are made here, and thrown away.
Error.stackTraceLimit = 0;

test("3.1 a permit is what was granted last", () => playPermit("grant:8=8 grant:3=3 granted=3 spend:4!trap"));
test("3.2 a permit covers a write up to its size", () => playPermit("grant:8 spend:8"));
test("3.2 a write of one byte more traps", () => playPermit("grant:8 spend:9!trap"));
test("3.3 a write without a permit traps", () => playPermit("spend:1!trap"));
test("3.3 a write of nothing needs no permit", () => playPermit("spend:0 granted=0"));
test("3.4 a permit is for one write", () => playPermit("grant:8 spend:1 granted=0 spend:1!trap"));
test("3.4 a write of nothing leaves the permit", () => playPermit("grant:8 spend:0 granted=8 spend:8"));
test("3.4 a budget is for several writes", () => playPermit("grant:8 spend:5 spend:3 spend:1!trap", "budget"));
test("3.4 a budget is not more than was granted", () => playPermit("grant:8 spend:5 spend:4!trap", "budget"));
test("3.5 a flush takes back the permit", () => playPermit("grant:8 flush granted=0 grant:8=0 flushed spend:1!trap"));
test("3.5 a flush may be repeated", () => playPermit("flush flush flushed grant:8=8"));
test("3.5 a flush that has ended permits again", () => playPermit("flush grant:8=0 flushed grant:8=8 spend:8"));
test("3.6 a write during a flush traps", () => playPermit("grant:8 flush spend:1!trap"));
test("3.6 a write of nothing during a flush traps too", () => playPermit("flush spend:0!trap"));
test("3.16 a failure is reported once, then closed", () =>
  playPermit("fail report!failed report!closed report!closed"));
test("3.16 a failure is taken by grant", () => playPermit("fail grant:8!failed spend:1!closed"));
test("3.16 a failure is taken by spend", () => playPermit("grant:8 fail spend:1!failed grant:8!closed"));
test("3.16 a failure is taken by flush", () => playPermit("fail flush!failed flush!closed"));
test("3.16 a failure comes before the rules about sizes", () => playPermit("fail spend:9!failed spend:9!closed"));
test("3.16 a failure ends a flush", () => playPermit("flush fail state=failed grant:8!failed"));
test("3.16 a close after a failure does not hide it", () => playPermit("fail close report!failed report!closed"));
test("3.16 a failure after a close is not told", () => playPermit("close fail report!closed report!closed"));
test("3.16 only one failure is told", () => playPermit("fail fail report!failed fail report!closed"));
test("3.2 a closed stream is closed for everything", () =>
  playPermit("close spend:0!closed spend:9!closed flush!closed"));
test("the end of a flush opens nothing that is over", () => playPermit("flush close flushed report!closed"));

test("a permit is never negative, and 0 unless the stream is open", () => {
  const permit = new Permit("budget");
  permit.grant(5);
  permit.spend(5);
  assert.equal(permit.granted, 0);
  permit.grant(5);
  permit.close();
  assert.equal(permit.granted, 0);
});

const OPERATIONS = ["grant", "spend:0", "spend:1", "spend:3", "flush", "flushed", "fail", "close", "report"] as const;
type Operation = (typeof OPERATIONS)[number];

/** The contract once more, from the text and not from the code. */
class Model {
  readonly mode: PermitMode;
  phase: "open" | "flushing" | "owing" | "over" = "open";
  allowance = 0;

  constructor(mode: PermitMode) {
    this.mode = mode;
  }

  play(operation: Operation): unknown {
    const alive = this.phase === "open" || this.phase === "flushing";
    switch (operation) {
      case "flushed":
        if (this.phase === "flushing") this.phase = "open";
        return "ok";
      case "fail":
      case "close":
        if (alive) [this.phase, this.allowance] = [operation === "fail" ? "owing" : "over", 0];
        return "ok";
      default:
    }
    if (!alive) {
      const told = this.phase === "owing" ? "failed" : "closed";
      this.phase = "over";
      return told;
    }
    if (operation === "report") return "ok";
    if (operation === "grant") return this.phase === "flushing" ? 0 : (this.allowance = 2);
    if (operation === "flush") {
      [this.phase, this.allowance] = ["flushing", 0];
      return "ok";
    }
    const bytes = Number(operation.slice("spend:".length));
    if (this.phase === "flushing" || bytes > this.allowance) return "trap";
    if (bytes > 0) this.allowance = this.mode === "strict" ? 0 : this.allowance - bytes;
    return "ok";
  }
}

function apply(permit: Permit, operation: Operation): unknown {
  switch (operation) {
    case "grant":
      return permit.grant(2);
    case "flush":
      return permit.beginFlush();
    case "flushed":
      return permit.endFlush();
    case "fail":
      return permit.fail(new Error("broken"));
    case "close":
      return permit.close();
    case "report":
      return permit.report();
    case "spend:0":
    case "spend:1":
    case "spend:3":
      return permit.spend(Number(operation.slice("spend:".length)));
  }
}

for (const mode of ["strict", "budget"] as const) {
  test(`all sequences of 6 operations, ${mode}`, () => {
    for (const sequence of sequences(OPERATIONS, 6)) {
      const permit = new Permit(mode);
      const model = new Model(mode);
      for (const operation of sequence) {
        const expected = model.play(operation);
        const actual = outcomeOf(() => apply(permit, operation));
        if (actual !== expected || permit.granted !== model.allowance) {
          assert.deepEqual(
            [actual, permit.granted],
            [expected, model.allowance],
            `${operation} in ${sequence.join(" ")}`,
          );
        }
        if (actual === "trap") break;
      }
    }
  });
}

test("what is no amount is not granted, and leaves what was", () => {
  const permit = new Permit();
  permit.grant(3);
  for (const amount of [-1, Number.NaN]) assert.throws(() => permit.grant(amount), RangeError);
  assert.equal(permit.granted, 3);
});
