/** Whether what ran before has left a trace: a good component still runs, and what all share is as it was. */
import assert from "node:assert/strict";
import { CollectSink } from "../../src/io/memory.ts";
import { nodePlatform } from "../../src/hosts/node/platform.ts";
import { type CompiledComponent } from "../../src/run/component.ts";
import { compile } from "../../src/run/compile.ts";
import { run } from "../../src/run/run.ts";
import { guest } from "./corpus.ts";

const SHARED: Readonly<Record<string, object>> = {
  globalThis,
  Object: Object.prototype,
  Array: Array.prototype,
  Function: Function.prototype,
  String: String.prototype,
  Map: Map.prototype,
  Promise: Promise.prototype,
  Uint8Array: Uint8Array.prototype,
  Error: Error.prototype,
  WebAssembly,
};

function snapshot(): Map<string, unknown> {
  return new Map(
    Object.entries(SHARED).flatMap(([name, object]) =>
      // Symbols of the global object are Node's own, made when they are first needed.
      keysOf(object).map((key): [string, unknown] => {
        const { value, get } = Reflect.getOwnPropertyDescriptor(object, key) ?? {};
        return [`${name} ${String(key)}`, get ?? (name === "globalThis" ? typeof value : value)];
      }),
    ),
  );
}

function keysOf(object: object): (string | symbol)[] {
  return object === globalThis ? Object.getOwnPropertyNames(object) : Reflect.ownKeys(object);
}

/** The state of a process that is in order. */
export class Order {
  readonly #hello: CompiledComponent;
  readonly #shared: Map<string, unknown>;

  private constructor(hello: CompiledComponent) {
    this.#hello = hello;
    this.#shared = snapshot();
  }

  static async now(): Promise<Order> {
    const order = new Order(await compile(guest("hello")));
    await order.assertKept();
    return order;
  }

  /** @throws {assert.AssertionError} With what is not as it was. */
  async assertKept(): Promise<void> {
    for (const component of [this.#hello, await compile(guest("hello"))]) {
      const stdout = new CollectSink();
      const { exitCode } = await run(nodePlatform, component, { stdout });
      assert.deepEqual([exitCode, stdout.text()], [0, "hello\n"]);
    }
    const now = snapshot();
    const changed = [...this.#shared].filter(([key, value]) => !Object.is(now.get(key), value)).map(([key]) => key);
    const added = [...now.keys()].filter((key) => !this.#shared.has(key));
    assert.deepEqual({ changed, added }, { changed: [], added: [] });
  }
}
