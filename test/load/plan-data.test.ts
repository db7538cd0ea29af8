import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { decode } from "../../src/load/decode/decode.ts";
import { InvalidComponentError } from "../../src/load/invalid-component.ts";
import type { Plan } from "../../src/load/plan/items.ts";
import { readPlan, writePlan } from "../../src/load/plan/plan-data.ts";
import { planOf } from "../../src/load/plan/plan.ts";
import { VERSION } from "../../src/run/version.ts";

const BUILT = new URL("../guests/built/", import.meta.url);

function planNamed(name: string): Plan {
  return planOf(decode(Uint8Array.from(readFileSync(new URL(name, BUILT)))));
}

test("what is read of any guest's plan is written as it was", () => {
  const names = readdirSync(BUILT).filter((name) => name.endsWith(".wasm"));
  assert.ok(names.length > 100);
  for (const name of names) {
    const text = writePlan(planNamed(name), "1.2.3");
    const { plan, sizes } = readPlan(text, "1.2.3");
    assert.equal(writePlan({ ...plan, modules: sizes.map((size) => new Uint8Array(size)) }, "1.2.3"), text, name);
  }
});

test("what was one object is one again, and what nobody needs any more is left out", () => {
  const { plan, sizes } = readPlan(writePlan(planNamed("hello.wasm"), "1.2.3"), "1.2.3");
  assert.ok(sizes.length > 0 && sizes.every((size) => size > 8));
  const stepped = plan.steps.flatMap(({ module }) => (module.is === "own" ? [module] : []));
  assert.ok(stepped.length > 0 && stepped.every(({ type }) => type === undefined));
  for (const { id } of plan.resources) assert.equal(plan.resources[id.slot]?.id, id);
  assert.ok(
    plan.imports instanceof Map && [...plan.imports.keys()].some((name) => name.startsWith("wasi:cli/stdout@")),
  );
});

test("a plan of another version is refused in words, whatever follows", () => {
  const text = writePlan(planNamed("hello.wasm"), "1.2.3");
  for (const [by, told] of [
    [text, "1.2.3"],
    ["1.2.3", "1.2.3"],
    ["", ""],
    ["x".repeat(1000), "x".repeat(20)],
  ] as const) {
    assert.throws(() => readPlan(by, "1.2.4"), {
      name: "InvalidComponentError",
      message: `The component was built by sluice ${told}, and this is 1.2.4: build it again, with \`sluice build\``,
    });
  }
});

test("damage is found wherever it is", () => {
  const text = writePlan(planNamed("hello.wasm"), "1.2.3");
  for (let at = 0; at < text.length; at += 97) {
    for (const damaged of [text.slice(0, at), `${text.slice(0, at)}~${text.slice(at + 1)}`]) {
      assert.throws(() => readPlan(damaged, "1.2.3"), InvalidComponentError, `at ${at}`);
    }
  }
});

test("the version is that of the package", () => {
  const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
    readonly version: string;
  };
  assert.equal(VERSION, version);
});
