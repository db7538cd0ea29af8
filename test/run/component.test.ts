/** What is said of a component without compiling it. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { isComposed } from "../../src/run/component.ts";

const COMPONENT = [0x00, 0x61, 0x73, 0x6d, 0x0d, 0x00, 0x01, 0x00];
const MODULE = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];

const section = (id: number, content: readonly number[]): number[] => [id, content.length, ...content];
const component = (...sections: number[][]): number[] => [...COMPONENT, ...sections.flat()];

test("a component is composed if a component in it has code of its own", () => {
  const withCode = component(section(1, MODULE));
  assert.equal(isComposed(Uint8Array.from(withCode)), false);
  assert.equal(isComposed(Uint8Array.from(component(section(4, withCode)))), true);
  assert.equal(isComposed(Uint8Array.from(component(section(4, component(section(4, withCode)))))), true);
  assert.equal(isComposed(Uint8Array.from(component(section(4, component()), section(1, MODULE)))), false);
});

test("what tools make of one program is not composed, though there are components in it", async () => {
  for (const name of ["hello", "files-rust", "files-go"]) {
    // oxlint-disable-next-line no-await-in-loop -- a few files
    const wasm = await readFile(new URL(`../guests/built/${name}.wasm`, import.meta.url));
    assert.equal(isComposed(wasm), false, name);
  }
});
