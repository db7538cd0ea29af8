/** Decimal numbers to f32: rounded once, whatever lies between them and an f64. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { nearestF32 } from "../../src/abi/wave/nearest.ts";
import fc from "../testing/properties.ts";

const INFINITY_BITS = 0x7f80_0000;

function f32Of(bits: number): number {
  return new Float32Array(Uint32Array.of(bits).buffer)[0] ?? assert.fail();
}

/** The middle of this f32 and the next, in decimal and to the last digit, with `more` after that. */
function middle(bits: number, more: bigint): string {
  const next = bits + 1 === INFINITY_BITS ? 2 ** 128 : f32Of(bits + 1);
  const scaled = BigInt(((f32Of(bits) + next) / 2) * 2 ** 150);
  return `${scaled * 5n ** 150n * 10n ** 9n + more}e-159`;
}

test("what lies in the middle of two f32 is the even one, and what is next to that the nearer one", () => {
  const corners = [0, 1, 0x7f_ffff, 0x80_0000, 0x3f80_0000, 0x3f7f_ffff, 0x4b7f_ffff, INFINITY_BITS - 1];
  const some = fc.oneof(fc.constantFrom(...corners), fc.integer({ min: 0, max: INFINITY_BITS - 1 }));
  fc.assert(
    fc.property(some, fc.boolean(), (bits, isNegative) => {
      const sign = isNegative ? "-" : "";
      const factor = isNegative ? -1 : 1;
      const [below, above] = [f32Of(bits) * factor, f32Of(bits + 1) * factor];
      assert.equal(nearestF32(sign + middle(bits, 0n)), bits % 2 === 0 ? below : above);
      assert.equal(nearestF32(sign + middle(bits, 1n)), above);
      assert.equal(nearestF32(sign + middle(bits, -1n)), below);
      assert.equal(nearestF32(`${sign}${Math.abs(below)}`), below);
    }),
  );
});

test("any other number is what rounding its f64 makes of it", () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true }), (value) => {
      assert.equal(nearestF32(Object.is(value, -0) ? "-0" : `${value}`), Math.fround(value));
    }),
  );
});
