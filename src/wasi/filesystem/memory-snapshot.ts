/**
 * The format of snapshots of files in memory, version 1. Numbers are little-endian.
 *
 *     8 bytes   "SLUICEFS"
 *     u32       version: 1
 *     u32       how many nodes; the first is the root, and every directory comes before what is in it
 *     nodes     u8 kind: 1 file, 2 directory, 3 link
 *               3 x i64 accessed, modified, changed, in nanoseconds since 1970: from 1677 to 2262
 *               a file: u32 length, contents
 *               a directory: u32 count; of each entry: u16 length, name in UTF-8, u32 number of its node
 *               a link: u32 length, target in UTF-8
 *     u32       CRC-32 of all that (the one of zlib)
 */
import { assertFits } from "../../io/assert-shape.ts";
import { isBytes } from "../../io/shape.ts";
import { FileError } from "./files.ts";
import { MemoryFiles } from "./memory-files.ts";
import { DirectoryNode, FileNode, LinkNode, type TreeNode } from "./memory-nodes.ts";
import type { MemoryFilesOptions, Volume } from "./memory-volume.ts";

const MAGIC = "SLUICEFS";
const VERSION = 1;
const KINDS = { "regular-file": 1, directory: 2, "symbolic-link": 3 } as const;
/** Of the smallest node: so that a count that lies asks for no memory. */
const MIN_NODE_BYTES = 29;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Everything in files in memory as bytes, for `readSnapshot`: also the times, and which names are of the same file. */
export function writeSnapshot(files: MemoryFiles): Uint8Array {
  assertFits("What writeSnapshot takes", files, "a MemoryFiles", files instanceof MemoryFiles);
  const numbers = numbered(MemoryFiles.rootOf(files));
  const out = new Writer();
  out.bytes(encoder.encode(MAGIC));
  out.u32(VERSION);
  out.u32(numbers.size);
  for (const node of numbers.keys()) {
    out.u8(KINDS[node.type]);
    for (const time of [node.accessedNs, node.modifiedNs, node.changedNs]) out.i64(inRange(time));
    if (node.type === "directory") {
      out.u32(node.entries.size);
      for (const [name, entry] of node.entries) {
        const bytes = encoder.encode(name);
        out.u16(bytes.length);
        out.bytes(bytes);
        out.u32(numbers.get(entry) ?? 0);
      }
    } else {
      const bytes = node.type === "regular-file" ? node.contents : encoder.encode(node.target);
      out.u32(bytes.length);
      out.bytes(bytes);
    }
  }
  out.u32(crc32(out.written));
  return out.written.slice();
}

/**
 * Files in memory as they were when `writeSnapshot` wrote these bytes.
 *
 * @throws {RangeError} If `bytes` are no snapshot, or a damaged one.
 * @throws {FileError} ENOSPC, if `options` have too little room for them.
 */
export function readSnapshot(bytes: Uint8Array, options?: MemoryFilesOptions): MemoryFiles {
  assertFits("A snapshot", bytes, "a Uint8Array", isBytes(bytes));
  const files = new MemoryFiles(options);
  const input = new Reader(bytes);
  if (!encoder.encode(MAGIC).every((byte, at) => bytes[at] === byte)) fail("they do not begin as one");
  input.take(MAGIC.length);
  const version = input.u32();
  if (version !== VERSION) fail(`their version is ${version}, and ours ${VERSION}`);
  const body = bytes.subarray(0, -4);
  if (new Reader(bytes.subarray(-4)).u32() !== crc32(body)) fail("they are damaged: their checksum is another");
  try {
    fill(new Reader(body.subarray(MAGIC.length + 4)), MemoryFiles.rootOf(files));
  } catch (cause) {
    if (!(cause instanceof FileError) || cause.code === "ENOSPC") throw cause;
    fail(`they are damaged: ${cause.message}`);
  }
  return files;
}

/** A time beyond what the format can say is the nearest that it can. */
function inRange(time: bigint): bigint {
  const most = 2n ** 63n;
  return time >= most ? most - 1n : time < -most ? -most : time;
}

/** Every node that has a name, once, directories before what is in them. */
function numbered(root: DirectoryNode): Map<TreeNode, number> {
  const numbers = new Map<TreeNode, number>([[root, 0]]);
  // A map goes on to what is added to it meanwhile.
  for (const node of numbers.keys()) {
    if (node.type !== "directory") continue;
    for (const entry of node.entries.values()) if (!numbers.has(entry)) numbers.set(entry, numbers.size);
  }
  return numbers;
}

interface Listed {
  readonly node: TreeNode;
  readonly times: readonly [accessed: bigint, modified: bigint, changed: bigint];
  readonly entries: readonly { readonly name: string; readonly number: number }[];
}

function fill(input: Reader, root: DirectoryNode): void {
  const count = input.u32();
  if (count * MIN_NODE_BYTES > input.left) fail(`they are damaged: no room for ${count} nodes`);
  if (count === 0) fail("they are damaged: there is no root");
  const nodes = Array.from({ length: count }, (_, number) =>
    readNode(input, root.volume, number === 0 ? root : undefined),
  );
  if (input.left > 0) fail(`they are damaged: ${input.left} bytes too many`);
  for (const [number, { node, entries }] of nodes.entries()) {
    if (node.type !== "directory") continue;
    if (!node.parent) fail(`they are damaged: nothing leads to directory ${number}`);
    for (const entry of entries) {
      const target = nodes[entry.number]?.node;
      if (!target) fail(`they are damaged: there is no node ${entry.number}`);
      if (target.type === "directory" && target.parent) {
        fail(`they are damaged: directory ${entry.number} is in two places`);
      }
      node.add(entry.name, target);
    }
  }
  for (const { node, times } of nodes) {
    if (node !== root && node.names === 0) fail("they are damaged: a file has no name");
    [node.accessedNs, node.modifiedNs, node.changedNs] = times;
  }
}

/** @param root What is read into, for the first. */
function readNode(input: Reader, volume: Volume, root: DirectoryNode | undefined): Listed {
  const kind = input.u8();
  const times = [input.i64(), input.i64(), input.i64()] as const;
  if (root && kind !== KINDS.directory) fail("they are damaged: the root is no directory");
  if (kind === KINDS.directory) {
    const entries = Array.from({ length: input.count(6) }, () => {
      const name = input.text(input.u16());
      return { name, number: input.u32() };
    });
    return { node: root ?? new DirectoryNode(volume), times, entries };
  }
  if (kind === KINDS["symbolic-link"]) {
    return { node: new LinkNode(volume, input.text(input.count(1))), times, entries: [] };
  }
  if (kind !== KINDS["regular-file"]) fail(`they are damaged: there is no kind ${kind} of node`);
  const contents = input.take(input.count(1));
  const file = new FileNode(volume);
  file.resize(contents.length);
  file.write(contents, 0);
  return { node: file, times, entries: [] };
}

function fail(why: string): never {
  throw new RangeError(`Cannot restore files from these bytes as ${why}`);
}

class Writer {
  #bytes = new Uint8Array(4096);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  get written(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  u8(value: number): void {
    const at = this.#claim(1);
    this.#view.setUint8(at, value);
  }

  u16(value: number): void {
    const at = this.#claim(2);
    this.#view.setUint16(at, value, true);
  }

  u32(value: number): void {
    const at = this.#claim(4);
    this.#view.setUint32(at, value, true);
  }

  i64(value: bigint): void {
    const at = this.#claim(8);
    this.#view.setBigInt64(at, value, true);
  }

  bytes(bytes: Uint8Array): void {
    const at = this.#claim(bytes.length);
    this.#bytes.set(bytes, at);
  }

  /** Makes room, perhaps elsewhere, and says where it is. */
  #claim(count: number): number {
    const at = this.#length;
    this.#length += count;
    if (this.#length > this.#bytes.length) {
      const bytes = new Uint8Array(Math.max(this.#length, 2 * this.#bytes.length));
      bytes.set(this.#bytes.subarray(0, at));
      this.#bytes = bytes;
      this.#view = new DataView(bytes.buffer);
    }
    return at;
  }
}

class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  u8(): number {
    return this.#view.getUint8(this.#skip(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#skip(2), true);
  }

  u32(): number {
    return this.#view.getUint32(this.#skip(4), true);
  }

  i64(): bigint {
    return this.#view.getBigInt64(this.#skip(8), true);
  }

  /** A number of things of at least `bytesEach`, for which there is room. */
  count(bytesEach: number): number {
    const count = this.u32();
    if (count * bytesEach > this.left) fail(`they are damaged: no room for ${count} things`);
    return count;
  }

  take(count: number): Uint8Array {
    const at = this.#skip(count);
    return this.#bytes.subarray(at, at + count);
  }

  text(count: number): string {
    try {
      return decoder.decode(this.take(count));
    } catch (cause) {
      throw cause instanceof RangeError ? cause : new FileError("EILSEQ", "a name is no UTF-8");
    }
  }

  #skip(count: number): number {
    if (count > this.left) fail("they end too early");
    const at = this.#at;
    this.#at += count;
    return at;
  }
}

const CRC_OF_BYTE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (0xedb88320 & -(crc & 1));
  return crc;
});

function crc32(bytes: Uint8Array): number {
  let crc = -1;
  for (const byte of bytes) crc = (crc >>> 8) ^ (CRC_OF_BYTE[(crc ^ byte) & 0xff] ?? 0);
  return ~crc >>> 0;
}
