/** Calls and results as people write them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { instantiate, type CompiledComponent } from "../../src/index.ts";
import { inspect, invocation, NoSuchFunctionError, WaveError } from "../../src/inspect.ts";
import { compiled, guest } from "./support.ts";

const TEXT = "no command";

test("what can be called is told with its types", async () => {
  const told = inspect(await guest("multi-export"));
  assert.ok(told.kind === "component");
  assert.deepEqual(
    told.functions.map(({ name, parameters, result }) => {
      return `${name}(${parameters.map((one) => `${one.name}: ${one.type}`).join(", ")}) -> ${result ?? "nothing"}`;
    }),
    [
      "sluice:guests/demo.add(a: u32, b: u32) -> u32",
      "sluice:guests/demo.greet(name: string) -> string",
      "sluice:guests/demo.wait-ns(ns: u64) -> nothing",
      "sluice:guests/demo.say(text: string) -> nothing",
    ],
  );
});

test("what nobody compiled has no functions to be called", async () => {
  for (const given of [undefined, {}, await guest("multi-export")]) {
    // What nobody writes who has TypeScript look at it.
    assert.throws(
      () => invocation(given as unknown as CompiledComponent, "add(1, 2)"),
      /^TypeError: A component must be what `compile` gave; got /,
    );
  }
});

test("a call is read before there is an instance, and made of one", async () => {
  const component = await compiled("multi-export");
  const calls = ["add(1, 2)", 'sluice:guests/demo.greet("you")', `say("${TEXT}")`].map((text) => {
    return invocation(component, text);
  });
  const said: string[] = [];
  const instance = await instantiate(component, { stdout: (chunk) => void said.push(new TextDecoder().decode(chunk)) });
  const results = [];
  // oxlint-disable-next-line no-await-in-loop -- one at a time
  for (const call of calls) results.push(await call.call(instance));
  await instance.close();
  assert.deepEqual(results, ["3", '"hello, you"', ""]);
  assert.ok(said.join("").includes(TEXT));
});

test("what is not there, or does not fit, is refused before anything runs", async () => {
  const component = await compiled("multi-export");
  assert.throws(() => invocation(component, "sub(1, 2)"), NoSuchFunctionError);
  assert.throws(() => invocation(component, "add(1)"), WaveError);
  assert.throws(() => invocation(component, 'add(1, "2")'), /parameter b, column 8: expected u32/);
});
