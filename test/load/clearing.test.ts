import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../testing/properties.ts";
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
  /** Whether it is known when a page is touched first. */
  canWatch = false;
  #faults = 0;

  constructor(byteLength: number) {
    this.bytes = new Uint8Array(byteLength).fill(7);
    this.#touched = new Set(Array.from({ length: byteLength / PAGE }, (_, page) => page));
  }

  write(at: number): void {
    this.bytes[at] = 1;
    const page = Math.floor(at / PAGE);
    if (!this.#touched.has(page)) this.#faults++;
    this.#touched.add(page);
  }

  faults(): number | undefined {
    return this.canWatch ? this.#faults : undefined;
  }

  run(buffer: ArrayBuffer, from: number, to: number): PageRun {
    return {
      isWatched: this.canWatch,
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
    clearing.clear(pages.bytes, pages.faults());
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
    clearing.clear(pages.bytes, pages.faults());
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

test("what nobody can have touched since it was given back is not given back again", () => {
  const pages = new FakePages(512 * KIB);
  pages.canWatch = true;
  const clearing = new Clearing(0, 512 * KIB, pages);
  clearAfter(pages, clearing, 2, 512 * KIB - 1);
  assert.deepEqual(pages.said(), ["discard 0 128", "look", "discard 0 127"]);
  clearAfter(pages, clearing, 20, 512 * KIB - 1);
  // The first time it was not known yet whether that page had been touched before.
  assert.deepEqual(pages.said(), []);
  clearAfter(pages, clearing, 1, 512 * KIB - 1, 3 * PAGE);
  assert.deepEqual(pages.said(), ["discard 0 127"]);
  clearAfter(pages, clearing, 20, 512 * KIB - 1);
  assert.deepEqual(pages.said(), []);
  // Whose page it was is not known.
  const other = new FakePages(512 * KIB);
  other.canWatch = true;
  const both = [pages, other].map((of) => new Clearing(0, 256 * KIB, of));
  let faults = 100;
  for (const of of both) of.clear((of === both[0] ? pages : other).bytes, faults);
  pages.said();
  faults++;
  both[0]?.clear(pages.bytes, faults);
  assert.deepEqual(pages.said().at(-1), "discard 0 64");
});

test("a run of which the system may give several pages at once is given back each time", () => {
  const pages = new FakePages(512 * KIB);
  const clearing = new Clearing(0, 512 * KIB, pages);
  clearAfter(pages, clearing, 2, 512 * KIB - 1);
  pages.said();
  for (let time = 0; time < 3; time++) clearing.clear(pages.bytes, 5);
  assert.deepEqual(pages.said(), ["discard 0 127", "discard 0 127", "discard 0 127"]);
});

test("whatever is touched in whatever order, all is 0 after each time", () => {
  fc.assert(
    fc.property(fc.array(fc.array(fc.nat(128 * PAGE - 1), { maxLength: 4 }), { maxLength: 80 }), (times) => {
      const pages = new FakePages(512 * KIB);
      pages.canWatch = true;
      const clearing = new Clearing(0, 512 * KIB, pages);
      for (const places of times) {
        clearAfter(pages, clearing, 1, ...places);
        assert.ok(pages.bytes.every((byte) => byte === 0));
      }
    }),
    { numRuns: 50 },
  );
});
