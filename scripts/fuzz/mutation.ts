/** Components that something has happened to. */
import type { Random } from "../random.ts";
import { bytesOf, COMPONENT_HEAD, joined, treeOf, treesOf, u32, type Section, type Tree } from "./sections.ts";

const encoder = new TextEncoder();

/** What those who make code or objects of names must not fall for. */
const HOSTILE: readonly Uint8Array[] = [
  ...['"', "'", "`", "\n", "\u2028", "*/", "${x}", "__proto__", "constructor", "then", "prototype", "to-string"],
  ...["has-own-property", "default", "value-of", "", "a".repeat(100_000), "a-".repeat(5000) + "a", "\0", "\u{10ffff}"],
  ...["[constructor]a", "[method]a.constructor", "[static]a.prototype", "[static]a.name", "[method]a.then", "a:b/c"],
  ...["wasi:cli/stdout@0.2.0", "wasi:io/streams@0.2.99", "wasi:io/streams@0.3.0", "a:b/c@1.2.3-rc.1+5", "length"],
  ...["name", "apply", "call", "bind", "[static]a.call", "A", "a-B", "cabi_realloc", "memory", "_initialize"],
]
  .map((name) => encoder.encode(name))
  .concat([Uint8Array.of(0xff), Uint8Array.of(0xc3, 0x28), Uint8Array.of(0xed, 0xa0, 0x80), Uint8Array.of(0xc0, 0x80)]);

/** Numbers that are too large, or only just not, in LEB128; and such as are no numbers. */
const NUMBERS: readonly (readonly number[])[] = [
  ...[0, 1, 2, 31, 32, 33, 127, 128, 255, 1000, 65_535, 65_536, 1_000_000, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1].map(u32),
  [0xff, 0xff, 0xff, 0xff, 0x7f],
  [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0],
  [0x80, 0],
];

/** Core modules of this many bytes and more are mostly left as they are: engines are fuzzed by others. */
const LARGE_SECTION = 600;

/** A component that comes from one of `corpus`. */
export function mutant(random: Random, corpus: readonly Uint8Array[]): Uint8Array {
  let bytes = random.of(corpus);
  for (let left = random.of([1, 1, 1, 2, 2, 3, 5]); left > 0; left--) {
    const tree = random.once(4) ? undefined : treeOf(bytes);
    bytes = tree ? changedTree(random, tree, corpus) : changed(random, bytes, corpus);
  }
  return bytes;
}

/** The bytes `from` to `to` in other words. */
function replaced(bytes: Uint8Array, from: number, to: number, by: Uint8Array): Uint8Array {
  return joined([bytes.subarray(0, from), by, bytes.subarray(to)]);
}

/** Of nothing but bytes. */
function changed(random: Random, bytes: Uint8Array, corpus: readonly Uint8Array[]): Uint8Array {
  if (bytes.length === 0) return random.bytes(4);
  const at = random.below(bytes.length);
  const few = Math.min(bytes.length - at, random.from(1, 8));
  switch (random.below(11)) {
    case 0:
      return replaced(bytes, at, at + 1, Uint8Array.of((bytes[at] ?? 0) ^ (1 << random.below(8))));
    case 1:
      return replaced(bytes, at, at + 1, Uint8Array.of(random.below(256)));
    case 2:
      return replaced(bytes, at, at + 1, Uint8Array.of((bytes[at] ?? 0) + random.of([-2, -1, 1, 2])));
    case 3:
      return replaced(bytes, at, at, random.bytes(few));
    case 4:
      return replaced(bytes, at, at + few, new Uint8Array());
    case 5:
      return bytes.subarray(0, at);
    case 6:
      return replaced(bytes, at, at + random.from(0, 1), Uint8Array.from(random.of(NUMBERS)));
    case 7:
      return replaced(bytes, at, at, bytes.subarray(at, at + few));
    case 8: {
      const other = random.of(corpus);
      const from = random.below(other.length);
      return replaced(bytes, at, at + random.of([0, few]), other.subarray(from, from + random.from(1, 40)));
    }
    default:
      return renamed(random, bytes) ?? replaced(bytes, at, at + 1, Uint8Array.of(random.below(32)));
  }
}

/** With another name where there seems to be one: a length, and as many characters. */
function renamed(random: Random, bytes: Uint8Array): Uint8Array | undefined {
  const start = random.below(bytes.length);
  for (let at = start; at < Math.min(start + 200, bytes.length); at++) {
    const length = bytes[at] ?? 0;
    if (length === 0 || length > 60 || at + length >= bytes.length) continue;
    if (!bytes.subarray(at + 1, at + 1 + length).every((byte) => byte >= 0x2d && byte < 0x7f)) continue;
    const name = random.of(HOSTILE);
    return replaced(bytes, at, at + 1 + length, joined([Uint8Array.from(u32(name.length)), name]));
  }
  return undefined;
}

function changedTree(random: Random, tree: Tree, corpus: readonly Uint8Array[]): Uint8Array {
  const within = random.of(treesOf(tree));
  const { sections } = within;
  const section = sections.length > 0 ? random.of(sections) : undefined;
  const at = section ? sections.indexOf(section) : 0;
  switch (random.below(12)) {
    case 0:
      sections.splice(at, 1);
      break;
    case 1:
      if (section) sections.splice(random.below(sections.length + 1), 0, section);
      break;
    case 2:
      sections.splice(at, 1);
      if (section) sections.splice(random.below(sections.length + 1), 0, section);
      break;
    case 3:
    case 4:
      sections.splice(
        random.below(sections.length + 1),
        random.below(2),
        ...some(random, otherSections(random, corpus)),
      );
      break;
    case 5: {
      const head = COMPONENT_HEAD;
      const inner: Tree = { head, sections: some(random, sections) };
      sections.push({ id: 4, bytes: new Uint8Array(), tree: inner });
      break;
    }
    case 6:
      if (random.once(4)) return nested(bytesOf(tree), random.of([1, 2, 50, 99, 100, 101, 1000]));
      break;
    default:
      if (section && !section.tree) section.bytes = changedSection(random, section, corpus);
  }
  return bytesOf(tree);
}

function otherSections(random: Random, corpus: readonly Uint8Array[]): readonly Section[] {
  const tree = treeOf(random.of(corpus));
  return tree ? random.of(treesOf(tree)).sections : [];
}

/** A few that follow each other. */
function some(random: Random, sections: readonly Section[]): Section[] {
  const from = random.below(sections.length);
  return sections.slice(from, from + random.from(1, 4));
}

/** As what a component has in a component, and that in another. */
function nested(bytes: Uint8Array, depth: number): Uint8Array {
  let inner = bytes;
  for (let left = depth; left > 0; left--) {
    inner = joined([COMPONENT_HEAD, Uint8Array.of(4, ...u32(inner.length)), inner]);
  }
  return inner;
}

function changedSection(random: Random, { id, bytes }: Section, corpus: readonly Uint8Array[]): Uint8Array {
  if (id === 1 && bytes.length > LARGE_SECTION && !random.once(20)) return bytes;
  if (id > 1 && random.once(4)) {
    // One more of what is in it, or one less: the number of definitions is right by chance only.
    const count = Math.max(0, (bytes[0] ?? 0) + random.of([-1, 1]));
    return replaced(bytes, 0, 1, Uint8Array.of(count & 0x7f));
  }
  return changed(random, bytes, corpus);
}
