import assert from "node:assert/strict";
import { test } from "node:test";
import { linuxPages } from "../../src/hosts/node/pages.ts";

const pages = linuxPages();

test(
  "pages of a guest's memory are given back, and nobody has touched them then",
  {
    skip: !pages && "there is no node:ffi for Linux here",
  },
  () => {
    assert.ok(pages);
    const { pageBytes } = pages;
    const { buffer } = new WebAssembly.Memory({ initial: 16 });
    const bytes = new Uint8Array(buffer);
    const first = pages.run(buffer, 0, 4 * pageBytes);
    const touched = (): number[] => [...(first.touched() ?? [])];
    assert.deepEqual(touched(), [0, 0, 0, 0]);
    bytes[2 * pageBytes] = 1;
    assert.deepEqual(touched(), [0, 0, 1, 0]);
    bytes.fill(1);
    assert.equal(pages.run(buffer, pageBytes, 3 * pageBytes).discard(), true);
    assert.deepEqual(touched(), [1, 0, 0, 1]);
    assert.ok(bytes.subarray(pageBytes, 3 * pageBytes).every((byte) => byte === 0));
    assert.ok(bytes.subarray(0, pageBytes).every((byte) => byte === 1));
    assert.ok(bytes.subarray(3 * pageBytes).every((byte) => byte === 1));
    // No page begins there: the system does nothing.
    const between = pages.run(buffer, 1, pageBytes + 1);
    assert.equal(between.discard(), false);
    assert.equal(between.touched(), undefined);
  },
);
