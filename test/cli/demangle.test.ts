/** Names of Rust's in a backtrace: of both forms, and whatever else looks like one. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../testing/properties.ts";
import { demangled } from "../../src/cli/demangle.ts";

const NAMES: readonly (readonly [symbol: string, name: string])[] = [
  ["_ZN4core9panicking5panic17h0123456789abcdefE", "core::panicking::panic"],
  [
    "_ZN71_$LT$Test$u20$$u2b$$u20$$u27$static$u20$as$u20$foo..Bar$LT$Test$GT$$GT$3bar17h930b740aa94f1d3aE",
    "<Test + 'static as foo::Bar<Test>>::bar",
  ],
  ["_ZN3foo28_$u7b$$u7b$closure$u7d$$u7d$17h0123456789abcdefE", "foo::{{closure}}"],
  ["_RNvCs1234_7mycrate3foo", "mycrate::foo"],
  ["_RNvNtNtCs1_3std2io5stdio6__print", "std::io::stdio::_print"],
  ["_RNvMs_CsaBcD_7mycrateNtB4_3Foo3bar", "<mycrate::Foo>::bar"],
  ["_RNvXCs1_7mycrateNtB2_3FooNtB2_5Trait3bar", "<mycrate::Foo as mycrate::Trait>::bar"],
  ["_RINvCs1_7mycrate3foolReE", "mycrate::foo<i32, &str>"],
  ["_RNCNvCs1_7mycrate4main0", "mycrate::main::{closure#0}"],
  ["_RNCNvCs1_7mycrate4mains_0", "mycrate::main::{closure#1}"],
  ["_RINvCs1_7mycrate3fooAhj10_E", "mycrate::foo<[u8; 16]>"],
  ["_RINvCs1_7mycrate3fooFUKChEuE", "mycrate::foo<unsafe fn(u8)>"],
  ["_RINvCs1_7mycrate3fooDNtB2_5TraitEL_E", "mycrate::foo<dyn mycrate::Trait>"],
  // Of others, or damaged.
  ["main", "main"],
  ["_ZN3foo3barEv", "_ZN3foo3barEv"],
  ["_ZN9999foo17h0123456789abcdefE", "_ZN9999foo17h0123456789abcdefE"],
  ["_R", "_R"],
  ["_RNvB_3foo", "_RNvB_3foo"],
  ["_RNvCs1_7mycrate99foo", "_RNvCs1_7mycrate99foo"],
];

for (const [symbol, name] of NAMES) {
  test(symbol, () => assert.equal(demangled(symbol), name));
}

test("whatever a guest calls its functions, the answer comes soon and is text of a bounded length", () => {
  const letters = fc.string({
    unit: fc.constantFrom(..."CMXYNIBsuLKEpTASRQPODFGU_0123456789abcefhjlmn".split("")),
    maxLength: 200,
  });
  fc.assert(
    fc.property(fc.constantFrom("_R", "_RNv", "_RINvC1a1b", "_ZN"), letters, (start, rest) => {
      assert.ok(demangled(start + rest).length < 100_000);
    }),
    { numRuns: 5000 },
  );
});
