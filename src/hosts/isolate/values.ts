/**
 * Plain values as bytes, for memory that two threads share: what a thread that is blocked is told comes to it in no other way.
 * They are text of JSON, in which an object with the one name `""` stands for what JSON has not, and bytes after that.
 */

const ARRAYS = [
  Uint8Array,
  Uint8ClampedArray,
  Int8Array,
  Uint16Array,
  Int16Array,
  Uint32Array,
  Int32Array,
  BigUint64Array,
  BigInt64Array,
  Float32Array,
  Float64Array,
] as const;

const WORD = 4;
const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** What stands for a value, and what of it. */
type Special = readonly [kind: string, ...of: readonly unknown[]];

/** @throws {TypeError} For a value that is not plain, as a function, or has no end, as what is in itself. */
export function bytesOfValue(value: unknown): Uint8Array {
  const parts: Uint8Array[] = [];
  const text = encoder.encode(textOf(value, parts));
  const head = Uint32Array.of(text.length, ...parts.map(({ length }) => length));
  const all = [bytesIn(Uint32Array.of(head.length)), bytesIn(head), text, ...parts];
  const bytes = new Uint8Array(all.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of all) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/**
 * @param bytes What `bytesOfValue` gave.
 * @param memory What each memory in it is: the one that both threads know.
 */
export function valueInBytes(bytes: Uint8Array, memory?: SharedArrayBuffer): unknown {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const count = view.getUint32(0, true);
  let at = WORD * (1 + count);
  const [text = bytes, ...parts] = Array.from({ length: count }, (_, index) => {
    const start = at;
    at += view.getUint32(WORD * (1 + index), true);
    return bytes.slice(start, at);
  });
  return valueOf(JSON.parse(decoder.decode(text)), parts, memory);
}

function textOf(value: unknown, parts: Uint8Array[]): string {
  try {
    return JSON.stringify(jsonOf(value, parts));
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new TypeError("what is in itself, or too deep or long, cannot be given to another thread", { cause });
  }
}

function jsonOf(value: unknown, parts: Uint8Array[]): unknown {
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number" && Number.isFinite(value) && !Object.is(value, -0)) return value;
  if (Array.isArray(value)) return Array.from(value, (item: unknown) => jsonOf(item, parts));
  const special = specialOf(value, parts);
  if (special) return { "": special };
  const kind = ArrayBuffer.isView(value) ? value.constructor.name : typeof value;
  if (kind !== "object") throw new TypeError(`${kind} cannot be given to another thread`);
  const entries = Object.entries(value ?? {}).map(([name, item]): [string, unknown] => [name, jsonOf(item, parts)]);
  return entries.some(([name]) => name === "") ? { "": ["object", entries] } : Object.fromEntries(entries);
}

/** What stands for what JSON has not. */
function specialOf(value: unknown, parts: Uint8Array[]): Special | undefined {
  if (value === undefined) return ["undefined"];
  if (typeof value === "number") return ["number", Object.is(value, -0) ? "-0" : String(value)];
  if (typeof value === "bigint") return ["bigint", String(value)];
  if (value instanceof SharedArrayBuffer) return ["memory"];
  if (value instanceof Map) return ["map", jsonOf([...value], parts)];
  if (value instanceof Set) return ["set", jsonOf([...value], parts)];
  if (value instanceof Date) return ["date", jsonOf(value.getTime(), parts)];
  if (value instanceof ArrayBuffer) return ["buffer", parts.push(new Uint8Array(value)) - 1];
  for (const [kind, TypedArray] of ARRAYS.entries()) {
    if (value instanceof TypedArray) return ["array", kind, parts.push(bytesIn(value)) - 1];
  }
  return undefined;
}

function valueOf(json: unknown, parts: readonly Uint8Array[], memory: SharedArrayBuffer | undefined): unknown {
  if (typeof json !== "object" || json === null) return json;
  if (Array.isArray(json)) return json.map((item) => valueOf(item, parts, memory));
  const entries = Object.entries(json);
  const [name, special] = entries.length === 1 ? (entries[0] ?? []) : [];
  // As `specialOf` has it.
  if (name === "") return specialValue(special as Special, parts, memory);
  return objectOf(entries, parts, memory);
}

function specialValue(
  [kind, of, part]: Special,
  parts: readonly Uint8Array[],
  memory: SharedArrayBuffer | undefined,
): unknown {
  // Each as `specialOf` wrote it.
  switch (kind) {
    case "number":
      return Number(of);
    case "bigint":
      return BigInt(of as string);
    case "memory":
      return memory;
    case "map":
      return new Map(valueOf(of, parts, memory) as [unknown, unknown][]);
    case "set":
      return new Set(valueOf(of, parts, memory) as unknown[]);
    case "date":
      return new Date(valueOf(of, parts, memory) as number);
    case "buffer":
      return parts[of as number]?.buffer;
    case "array": {
      const { buffer } = parts[part as number] ?? new Uint8Array();
      // A copy of its own.
      return new (ARRAYS[of as number] ?? Uint8Array)(buffer as ArrayBuffer);
    }
    case "object":
      return objectOf(of as [string, unknown][], parts, memory);
    default:
      return undefined;
  }
}

function objectOf(
  entries: readonly (readonly [string, unknown])[],
  parts: readonly Uint8Array[],
  memory: SharedArrayBuffer | undefined,
): object {
  return Object.fromEntries(entries.map(([name, item]) => [name, valueOf(item, parts, memory)]));
}

function bytesIn({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
