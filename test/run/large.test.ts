/** Core modules that are too large for an engine to make instances of while somebody waits for them. */
import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import { CollectSink, compile, instantiate, run } from "../../src/index.ts";
import { decode } from "../../src/load/decode/decode.ts";
import { MADE_AT_ONCE } from "../../src/load/link/link.ts";
import { guest } from "./support.ts";

const PADDING = "padding";

function leb(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...leb(value >>> 7)];
}

/** A custom section that makes a module too large. */
function padding(): Uint8Array {
  const name = new TextEncoder().encode(PADDING);
  const content = new Uint8Array(1 + name.length + MADE_AT_ONCE);
  content.set([name.length, ...name]);
  return Buffer.concat([Uint8Array.of(0, ...leb(content.length)), content]);
}

/** The component with its first core module as large as that. */
function padded(component: Uint8Array): Uint8Array {
  const [first] = decode(component).flatMap((definition) =>
    definition.kind === "core module" ? definition.bytes : [],
  );
  assert.ok(first);
  const content = first.byteOffset - component.byteOffset;
  // Its section: an id, the size, the module.
  const start = content - leb(first.length).length - 1;
  assert.equal(component[start], 1);
  const module = Buffer.concat([first, padding()]);
  const rest = component.subarray(content + first.length);
  return Buffer.concat([component.subarray(0, start), Uint8Array.of(1, ...leb(module.length)), module, rest]);
}

/** As the main thread of a page: no instance of a large module is made at once. */
function refuseLarge(t: TestContext): void {
  const { Instance } = WebAssembly;
  t.mock.property(
    WebAssembly,
    "Instance",
    new Proxy(Instance, {
      construct(target, [module, imports]: [WebAssembly.Module, WebAssembly.Imports]) {
        if (WebAssembly.Module.customSections(module, PADDING).length > 0) throw new RangeError("too large");
        return new target(module, imports);
      },
    }),
  );
}

const KINDS = {
  "a component": async () => padded(await guest("hello")),
  "a core module of preview 1": async () => Buffer.concat([await guest("p1/wc"), padding()]),
};

for (const [kind, bytes] of Object.entries(KINDS)) {
  describe(kind, () => {
    test("runs where no instance of it can be made at once", async (t) => {
      const component = await compile(await bytes());
      refuseLarge(t);
      const stdout = new CollectSink();
      const { exitCode } = await run(component, { stdout, stdin: { text: "one two\n" } });
      assert.equal(exitCode, 0);
      assert.match(stdout.text(), /^(?:hello|1 2 8)\n$/);
    });

    test("aborted while its instance is made, it never begins, and its output is given up", async () => {
      const component = await compile(await bytes());
      const controller = new AbortController();
      const stdout = new CollectSink();
      const calls: string[] = [];
      const making = instantiate(component, {
        signal: controller.signal,
        stdout,
        trace: (call) => void calls.push(call),
      });
      const reason = new Error("enough");
      controller.abort(reason);
      await assert.rejects(making, (error) => error === reason);
      assert.deepEqual(calls, []);
      assert.equal(stdout.text(), "");
    });
  });
}
