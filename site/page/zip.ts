/** Reads zip archives: the browser itself inflates. */

/** Signatures, and what lies behind them. */
const END = 0x0605_4b50;
const END_BYTES = 22;
const ENTRY = 0x0201_4b50;
const ENTRY_BYTES = 46;
const LOCAL_BYTES = 30;
/** A comment at the end is at most so long. */
const MAX_COMMENT_BYTES = 0xffff;
const STORED = 0;
const DEFLATED = 8;
/** Nobody wants more in a page. */
const MAX_BYTES = 256 * 1024 * 1024;

interface Entry {
  readonly path: string;
  readonly method: number;
  readonly packed: Uint8Array<ArrayBuffer>;
  readonly size: number;
}

/**
 * The files of an archive by their paths. Folders are those of the paths.
 *
 * @throws {Error} If it is none that can be read, or a path leads out of it.
 */
export async function unzip(bytes: Uint8Array<ArrayBuffer>): Promise<Record<string, Uint8Array>> {
  const entries = [...entriesOf(bytes)];
  if (entries.reduce((sum, { size }) => sum + size, 0) > MAX_BYTES) throw new Error("the archive is too large");
  return Object.fromEntries(
    await Promise.all(entries.map(async (entry) => [entry.path, await unpack(entry)] as const)),
  );
}

function* entriesOf(bytes: Uint8Array<ArrayBuffer>): Generator<Entry, void, void> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = endOf(view);
  const count = view.getUint16(end + 10, true);
  let at = view.getUint32(end + 16, true);
  for (let index = 0; index < count; index++) {
    if (at + ENTRY_BYTES > bytes.length || view.getUint32(at, true) !== ENTRY)
      throw new Error("the archive is damaged");
    const flags = view.getUint16(at + 8, true);
    const nameBytes = view.getUint16(at + 28, true);
    const path = new TextDecoder().decode(bytes.subarray(at + ENTRY_BYTES, at + ENTRY_BYTES + nameBytes));
    const local = view.getUint32(at + 42, true);
    const packedBytes = view.getUint32(at + 20, true);
    if (!path.endsWith("/")) {
      if (flags & 1) throw new Error(`${path} is encrypted`);
      if (path.startsWith("/") || path.split("/").includes("..")) throw new Error(`${path} leads out of the archive`);
      if (local + LOCAL_BYTES > bytes.length) throw new Error("the archive is damaged");
      const from = local + LOCAL_BYTES + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
      yield {
        path,
        method: view.getUint16(at + 10, true),
        packed: bytes.subarray(from, from + packedBytes),
        size: view.getUint32(at + 24, true),
      };
    }
    at += ENTRY_BYTES + nameBytes + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
  }
}

function endOf(view: DataView): number {
  const last = view.byteLength - END_BYTES;
  for (let at = last; at >= Math.max(0, last - MAX_COMMENT_BYTES); at--) {
    if (view.getUint32(at, true) === END) return at;
  }
  throw new Error("this is no zip archive");
}

async function unpack({ path, method, packed, size }: Entry): Promise<Uint8Array> {
  if (method !== STORED && method !== DEFLATED) throw new Error(`${path} is packed in a way that is not known here`);
  const unpacked = method === STORED ? packed.slice() : await inflated(packed, size);
  if (unpacked.length !== size) throw new Error(`${path} is damaged`);
  return unpacked;
}

/** As much of it as there should be, and a byte more if it is more. */
async function inflated(packed: Uint8Array<ArrayBuffer>, size: number): Promise<Uint8Array> {
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  const unpacked = new Uint8Array(size + 1);
  let at = 0;
  for await (const chunk of stream) {
    const rest = chunk.subarray(0, unpacked.length - at);
    unpacked.set(rest, at);
    at += rest.length;
    if (at > size) break;
  }
  return unpacked.subarray(0, at);
}
