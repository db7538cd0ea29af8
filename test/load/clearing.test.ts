import assert from "node:assert/strict";
import { test } from "node:test";
import { Clearing, type PageRun, type Pages } from "../../src/load/renew/clearing.ts";

const PAGE = 4096;
const KIB = 1024;

/** A memory of which it is known who touched what: all of it when it was made. */
class FakePages implements Pages {
  readonly pageBytes = PAGE;
  bytes: Uint8Array<ArrayBuffer>;
  readonly #touched: Set<number>;
  readonly calls: string[] = [];
  canDiscard = true;
  canLook = true;

  constructor(byteLength: number) {
    this.bytes = new Uint8Array(byteLength).fill(7);
    this.#touched = new Set(Array.from({ length: byteLength / PAGE }, (_, page) => page));
  }

  write(at: number): void {
    this.bytes[at] = 1;
    this.#touched.add(Math.floor(at / PAGE));
  }

  run(buffer: ArrayBuffer, from: number, to: number): PageRun {
    return {
      discard: () => {
        assert.equal(buffer, this.bytes.buffer);
        this.calls.push(`discard ${from / PAGE} ${to / PAGE}`);
        if (!this.canDiscard) return false;
        for (let page = from / PAGE; page < to / PAGE; page++) this.#touched.delete(page);
        this.bytes.fill(0, from, to);
        return true;
      },
      touched: () => {
        this.calls.push("look");
        if (!this.canLook) return undefined;
        return new Uint8Array((to - from) / PAGE).map((_page, index) => Number(this.#touched.has(from / PAGE + index)));
      },
    };
  }

  /** What was called since this was last asked. */
  said(): readonly string[] {
    return this.calls.splice(0);
  }
}

/** Clears as often, after something was written each time. */
function clearAfter(pages: FakePages, clearing: Clearing, times: number, ...places: readonly number[]): void {
  for (let time = 0; time < times; time++) {
    for (const at of places) pages.write(at);
    clearing.clear(pages.bytes);
    for (const at of places) assert.equal(pages.bytes[at], 0);
  }
}

test("all bytes of the part are 0, and no others", () => {
  const pages = new FakePages(512 * KIB);
  const [from, to] = [PAGE + 1, 512 * KIB - 100];
  const clearing = new Clearing(from, to, pages);
  for (let time = 0; time < 20; time++) {
    for (let at = 0; at < pages.bytes.length; at += PAGE) pages.write(at);
    pages.bytes.fill(1);
    clearing.clear(pages.bytes);
    assert.ok(pages.bytes.subarray(from, to).every((byte) => byte === 0));
    assert.ok(pages.bytes.subarray(0, from).every((byte) => byte === 1));
    assert.ok(pages.bytes.subarray(to).every((byte) => byte === 1));
  }
});

test("pages that the guest touches are filled, and what nobody touches is given back", () => {
  const pages = new FakePages(512 * KIB);
  const clearing = new Clearing(0, 512 * KIB, pages);
  clearAfter(pages, clearing, 1, 512 * KIB - 1, 10 * PAGE);
  assert.deepEqual(pages.said(), ["discard 0 128"]);
  clearAfter(pages, clearing, 2, 512 * KIB - 1, 10 * PAGE);
  assert.deepEqual(pages.said(), ["look", "discard 11 127", "discard 11 127"]);
});

test("pages that the guest begins to touch are found, and filled from then on", () => {
  const pages = new FakePages(1024 * KIB);
  const clearing = new Clearing(0, 1024 * KIB, pages);
  clearAfter(pages, clearing, 3, 1024 * KIB - 1);
  pages.said();
  clearAfter(pages, clearing, 63, 1024 * KIB - 1, 512 * KIB);
  assert.deepEqual(pages.said().slice(-3), ["discard 0 255", "look", "discard 0 128"]);
});

test("where it is as before, it is looked less and less often, and often again where it is not", () => {
  const pages = new FakePages(1024 * KIB);
  const clearing = new Clearing(0, 1024 * KIB, pages);
  /** After how many times it was looked. */
  const looks = (times: number, ...places: readonly number[]): number[] => {
    const found: number[] = [];
    for (let time = 1; time <= times; time++) {
      clearAfter(pages, clearing, 1, ...places);
      if (pages.said().includes("look")) found.push(time);
    }
    return found;
  };
  assert.deepEqual(looks(3000, 1024 * KIB - 1), [2, 66, 194, 450, 962, 1986]);
  assert.deepEqual(looks(200, 512 * KIB), [10, 74]);
});

test("a memory that has grown has another buffer", () => {
  const pages = new FakePages(512 * KIB);
  const clearing = new Clearing(0, 512 * KIB, pages);
  clearAfter(pages, clearing, 3, 0);
  pages.bytes = new Uint8Array(640 * KIB).fill(7);
  clearAfter(pages, clearing, 1, 0);
  assert.ok(pages.bytes.subarray(0, 512 * KIB).every((byte) => byte === 0));
});

test("where too little is left, nothing can be given back, or nobody knows, all is filled", () => {
  const small = new FakePages(252 * KIB);
  clearAfter(small, new Clearing(0, 252 * KIB, small), 3, 0, 100 * KIB);
  assert.deepEqual(small.said(), []);
  const used = new FakePages(512 * KIB);
  clearAfter(used, new Clearing(0, 512 * KIB, used), 40, 0, 170 * KIB, 340 * KIB);
  assert.deepEqual(used.said(), ["discard 0 128", "look"]);
  const kept = new FakePages(512 * KIB);
  kept.canDiscard = false;
  clearAfter(kept, new Clearing(0, 512 * KIB, kept), 40, 0);
  assert.deepEqual(kept.said(), ["discard 0 128"]);
  const unknown = new FakePages(512 * KIB);
  unknown.canLook = false;
  clearAfter(unknown, new Clearing(0, 512 * KIB, unknown), 40, 0);
  assert.deepEqual(unknown.said(), ["discard 0 128", "look"]);
});
