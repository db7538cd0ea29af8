/** Memories that end where they are told to. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { withLimitedMemories } from "../../src/load/renew/memory-limit.ts";
import { UnsupportedComponentError } from "../../src/load/unsupported.ts";
import { binaryOf } from "./made.ts";

/** How many pages it has in the end. */
function pagesOf(text: string, maxBytes: number): number {
  const bytes = withLimitedMemories(binaryOf(text), maxBytes);
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array(bytes)));
  const { memory } = exports;
  assert.ok(memory instanceof WebAssembly.Memory);
  for (;;) {
    try {
      memory.grow(1);
    } catch {
      return memory.buffer.byteLength / 65_536;
    }
  }
}

test("a memory ends where it is told to, or where it says itself if that is earlier", () => {
  assert.equal(pagesOf('(module (memory (export "memory") 1))', 5 * 65_536 + 1), 5);
  assert.equal(pagesOf('(module (memory (export "memory") 1 9))', 5 * 65_536), 5);
  assert.equal(pagesOf('(module (memory (export "memory") 1 3) (func))', 5 * 65_536), 3);
  assert.equal(pagesOf('(module (memory 1) (memory (export "memory") 2 2))', 5 * 65_536), 2);
});

test("a module without a memory of its own stays as it is", () => {
  const bytes = binaryOf('(module (import "a" "m" (memory 1)) (func))');
  assert.equal(withLimitedMemories(bytes, 65_536), bytes);
});

test("what has more from the start is told, and what cannot be held to a limit", () => {
  assert.throws(() => withLimitedMemories(binaryOf("(module (memory 2))"), 65_536), /needs 131072 from the start/);
  assert.throws(() => withLimitedMemories(binaryOf("(module (memory 2))"), 5), /maxMemoryBytes is 5, but/);
  assert.throws(() => withLimitedMemories(binaryOf("(module (memory i64 1))"), 65_536), UnsupportedComponentError);
});
