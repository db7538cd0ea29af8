/** A component's bytes as a tree of sections, to be changed and put together again. */
import { InvalidComponentError } from "../../src/load/invalid-component.ts";
import { Reader } from "../../src/load/decode/reader.ts";

/** A component: its first eight bytes, and its sections. */
export interface Tree {
  readonly head: Uint8Array;
  readonly sections: Section[];
}

export interface Section {
  readonly id: number;
  bytes: Uint8Array;
  /** Of a component in it. */
  tree: Tree | undefined;
}

export const COMPONENT_HEAD: Uint8Array = Uint8Array.of(0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0);

/** `undefined` if the bytes are not made of sections. */
export function treeOf(bytes: Uint8Array, depth = 0): Tree | undefined {
  try {
    const reader = new Reader(bytes);
    const head = reader.bytes(8);
    const sections: Section[] = [];
    while (!reader.atEnd) {
      const id = reader.byte();
      const section = reader.bytes(reader.u32());
      sections.push({ id, bytes: section, tree: id === 4 && depth < 20 ? treeOf(section, depth + 1) : undefined });
    }
    return { head, sections };
  } catch (error) {
    if (error instanceof InvalidComponentError) return undefined;
    throw error;
  }
}

export function u32(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) + 0x80);
  return [...bytes, rest];
}

export function bytesOf({ head, sections }: Tree): Uint8Array {
  const parts: Uint8Array[] = [head];
  for (const { id, bytes, tree } of sections) {
    const content = tree ? bytesOf(tree) : bytes;
    parts.push(Uint8Array.of(id, ...u32(content.length)), content);
  }
  return joined(parts);
}

export function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Section 1 of each component within: its core modules. */
export function coreModulesOf(tree: Tree): Uint8Array[] {
  return tree.sections.flatMap(({ id, bytes, tree: inner }) =>
    inner ? coreModulesOf(inner) : id === 1 ? [bytes] : [],
  );
}

/** All trees: that of the component, and those of the components within. */
export function treesOf(tree: Tree): Tree[] {
  return [tree, ...tree.sections.flatMap(({ tree: inner }) => (inner ? treesOf(inner) : []))];
}
