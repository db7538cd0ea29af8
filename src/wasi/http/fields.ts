import { WitError } from "../../io/errors.ts";
import type { FieldMemory } from "./field-memory.ts";

/** A field of a header or a trailer: a name in lower case, and bytes. */
export type Field = readonly [name: string, value: Uint8Array];

/** The variant `header-error` of `wasi:http/types`. */
export interface FieldFailure {
  readonly tag: "invalid-syntax" | "forbidden" | "immutable";
}

/** What cannot be done to fields. */
export class FieldError extends WitError<FieldFailure> {
  override readonly name: string = "FieldError";

  constructor(tag: FieldFailure["tag"], message: string) {
    super({ tag }, message);
  }
}

/** Names that are the transport's own, as Wasmtime has them. */
const FORBIDDEN: ReadonlySet<string> = new Set([
  "connection",
  "host",
  "http2-settings",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "transfer-encoding",
  "upgrade",
]);

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** What a field takes beside its bytes. */
const NAME_OVERHEAD = 32;
const VALUE_OVERHEAD = 40;
const MAX_LENGTH = (1n << 64n) - 1n;

/** Whether `text` is what HTTP calls a token: a name, a method. */
export function isToken(text: string): boolean {
  return TOKEN.test(text);
}

/** Whether a field may have these bytes: no controls but tabs. */
export function isFieldValue(value: Uint8Array): boolean {
  return value.every((byte) => byte === 0x09 || (byte >= 0x20 && byte !== 0x7f));
}

/** Whether a name, in lower case, is the transport's own. */
export function isTransports(name: string): boolean {
  return FORBIDDEN.has(name);
}

/** Fields in their order, with duplicates, and without those that are the transport's own. */
export function permittedFields(fields: readonly Field[]): Field[] {
  return fields.filter(([name]) => !FORBIDDEN.has(name));
}

/** Fields of which each name is looked for among those before it: a set of so few names costs more. */
const FEW = 16;

/** What they take of a limit, each with what it costs to keep. */
export function sizeOf(fields: readonly Field[]): number {
  let bytes = 0;
  const names = fields.length > FEW ? new Set<string>() : undefined;
  let at = 0;
  for (const [name, value] of fields) {
    const isAgain = names ? names.has(name) : isBefore(fields, at, name);
    names?.add(name);
    bytes += value.length + VALUE_OVERHEAD + (isAgain ? 0 : name.length + NAME_OVERHEAD);
    at++;
  }
  return bytes;
}

/** The least that values take: before they are looked at, as a guest may give the same bytes any number of times. */
function sizeOfValues(values: readonly Uint8Array[]): number {
  return values.reduce((sum, value) => sum + value.length + VALUE_OVERHEAD, 0);
}

function isBefore(fields: readonly Field[], end: number, name: string): boolean {
  for (let at = 0; at < end; at++) if (fields[at]?.[0] === name) return true;
  return false;
}

/** Fields to be sent, with one `content-length` at most. */
export function sendable(fields: readonly Field[]): readonly Field[] {
  let lengths = 0;
  for (const [name] of fields) if (name === "content-length") lengths++;
  if (lengths <= 1) return fields;
  const first = fields.findIndex(([name]) => name === "content-length");
  return fields.filter(([name], at) => name !== "content-length" || at === first);
}

/** What a `content-length` among them says; `undefined` if there is none. @throws {FieldError} If it is none. */
export function contentLength(fields: readonly Field[]): bigint | undefined {
  let length: string | undefined;
  for (const [name, value] of fields) {
    if (name !== "content-length") continue;
    const text = latin1(value);
    if (!isLength(text) || (length !== undefined && text !== length)) {
      throw new FieldError("invalid-syntax", `content-length: ${length === undefined ? text : `${length}, ${text}`}`);
    }
    length = text;
  }
  return length === undefined ? undefined : BigInt(length);
}

/**
 * Header or trailer fields: in order, with duplicates, of any bytes that HTTP can carry.
 *
 * @see WASI 0.2 `wasi:http/types` `fields`
 */
export class Fields {
  readonly #memory: FieldMemory;
  readonly #isImmutable: boolean;
  #fields: Field[] = [];
  #bytes = 0;

  /** @param memory Counts what names and values take, each with what it costs to keep, until they are let go of. */
  constructor(memory: FieldMemory, isImmutable = false) {
    this.#memory = memory;
    this.#isImmutable = isImmutable;
  }

  /** @param fields As the transport has them, or as `entries` gave them. @throws {Trap} Over the limit. */
  static from(fields: readonly Field[], memory: FieldMemory, isImmutable: boolean): Fields {
    const made = new Fields(memory, isImmutable);
    made.#replace([...fields]);
    return made;
  }

  /** As the guest gives them. @throws {FieldError} For a name or a value that is none, or not the guest's to set. */
  static fromList(list: readonly Field[], memory: FieldMemory): Fields {
    memory.assertFits(sizeOfValues(list.map(([, value]) => value)));
    const fields = list.map(([name, value]): Field => {
      const key = settable(name);
      assertValue(key, value);
      return [key, value.slice()];
    });
    return Fields.from(fields, memory, false);
  }

  get(name: string): Uint8Array[] {
    const key = name.toLowerCase();
    return this.#fields.filter(([other]) => other === key).map(([, value]) => value);
  }

  has(name: string): boolean {
    const key = name.toLowerCase();
    return this.#fields.some(([other]) => other === key);
  }

  /** Replaces all values of a name. @throws {FieldError} @throws {Trap} Over the limit. */
  set(name: string, values: readonly Uint8Array[]): void {
    const key = settable(name);
    this.#assertMutable();
    this.#memory.assertFits(sizeOfValues(values));
    for (const value of values) assertValue(key, value);
    const first = this.#fields.findIndex(([other]) => other === key);
    const others = this.#fields.filter(([other]) => other !== key);
    const at = first < 0 ? others.length : first;
    const copies = values.map((value): Field => [key, value.slice()]);
    // Where the first of them was.
    this.#replace([...others.slice(0, at), ...copies, ...others.slice(at)]);
  }

  /** @throws {FieldError} */
  delete(name: string): void {
    const key = settable(name);
    this.#assertMutable();
    this.#replace(this.#fields.filter(([other]) => other !== key));
  }

  /** As `delete`, and gives what was there. @throws {FieldError} */
  getAndDelete(name: string): Uint8Array[] {
    const values = this.get(name);
    this.delete(name);
    return values;
  }

  /** @throws {FieldError} @throws {Trap} Over the limit. */
  append(name: string, value: Uint8Array): void {
    const key = settable(name);
    this.#memory.assertFits(sizeOfValues([value]));
    assertValue(key, value);
    this.#assertMutable();
    this.#count(this.#bytes + (this.has(key) ? 0 : key.length + NAME_OVERHEAD) + value.length + VALUE_OVERHEAD);
    this.#fields.push([key, value.slice()]);
  }

  /** All of them, the values of a name together, where its first is. */
  entries(): Field[] {
    const groups = new Map<string, Field[]>();
    for (const field of this.#fields) {
      const group = groups.get(field[0]);
      if (group) group.push(field);
      else groups.set(field[0], [field]);
    }
    return [...groups.values()].flat();
  }

  /** In their order, for who sends them. */
  all(): readonly Field[] {
    return this.#fields;
  }

  /** A copy, which can be changed unless it is to be `isImmutable`. */
  clone(isImmutable = false): Fields {
    return Fields.from(this.#fields, this.#memory, isImmutable);
  }

  /** The guest has let go of them, or given them away: they do not count any more. */
  release(): void {
    this.#count(0);
  }

  #replace(fields: Field[]): void {
    this.#count(sizeOf(fields));
    this.#fields = fields;
  }

  #count(bytes: number): void {
    this.#memory.hold(this.#bytes, bytes);
    this.#bytes = bytes;
  }

  #assertMutable(): void {
    if (this.#isImmutable) throw new FieldError("immutable", "these fields cannot be changed");
  }
}

/** A name that a guest may set, in lower case. */
function settable(name: string): string {
  if (!isToken(name)) throw new FieldError("invalid-syntax", `"${name}" is no name of a field`);
  const key = name.toLowerCase();
  if (FORBIDDEN.has(key)) throw new FieldError("forbidden", `${key} is the transport's own`);
  return key;
}

function assertValue(name: string, value: Uint8Array): void {
  if (!isFieldValue(value) || (name === "content-length" && !isLength(latin1(value)))) {
    throw new FieldError("invalid-syntax", `a value of ${name} that is none`);
  }
}

function isLength(value: string): boolean {
  return /^[0-9]{1,20}$/.test(value) && BigInt(value) <= MAX_LENGTH;
}

function latin1(value: Uint8Array): string {
  return String.fromCharCode(...value.subarray(0, 64));
}
