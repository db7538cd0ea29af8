/**
 * What can be said of a component without compiling it: a walk over its sections.
 *
 * @see https://github.com/WebAssembly/component-model/blob/main/design/mvp/Binary.md
 */

/** The bytes are not a component that we can run. The message says what they are instead. */
export class InvalidComponentError extends Error {
  override readonly name: string = "InvalidComponentError";
}

export interface ComponentOutline {
  /** Names of what it imports, with versions, such as `wasi:io/streams@0.2.0`. */
  readonly imports: readonly string[];
  /** Names of the functions that the modules in it export, such as `wasi:cli/run@0.2.0#run`. */
  readonly coreExports: readonly string[];
}

const CORE_MODULE_SECTION = 1;
const COMPONENT_SECTION = 4;
const IMPORT_SECTION = 10;
const CORE_EXPORT_SECTION = 7;
const CORE_FUNCTION = 0;

/**
 * Whether there are components with code of their own in a component, as after a composition: resources can go from one
 * to the other, and no host hears of it. `bytes` are a component, as `outline` has found.
 */
export function isComposed(bytes: Uint8Array): boolean {
  let composed = false;
  walk(bytes, (id, body) => {
    if (id === COMPONENT_SECTION) composed ||= coreModulesIn(body.rest());
  });
  return composed;
}

function coreModulesIn(bytes: Uint8Array): boolean {
  let found = false;
  walk(bytes, (id, body) => {
    if (id === CORE_MODULE_SECTION) found = true;
    if (id === COMPONENT_SECTION) found ||= coreModulesIn(body.rest());
  });
  return found;
}

/** @throws {InvalidComponentError} If `bytes` are no component. */
export function outline(bytes: Uint8Array): ComponentOutline {
  const imports: string[] = [];
  const coreExports: string[] = [];
  const layer = layerOf(bytes);
  if (layer === "module") {
    throw new InvalidComponentError(
      "Expected a component, got a core WebAssembly module: make a component of it first, for example with " +
        "`wasm-tools component new app.wasm --adapt wasi_snapshot_preview1.command.wasm -o app.component.wasm`",
    );
  }
  if (layer !== "component") {
    throw new InvalidComponentError(
      `Expected a WebAssembly component, got ${bytes.length} bytes that begin with ${hex(bytes.subarray(0, 8))}`,
    );
  }
  try {
    walk(bytes, (id, body) => {
      if (id === IMPORT_SECTION) imports.push(...importNames(body));
    });
    collectCoreExports(bytes, coreExports);
  } catch (cause) {
    throw new InvalidComponentError("The component is damaged: a section of it ends early", { cause });
  }
  return { imports, coreExports };
}

function layerOf(bytes: Uint8Array): "module" | "component" | undefined {
  const [a, b, c, d, , , layer] = bytes;
  if (a !== 0x00 || b !== 0x61 || c !== 0x73 || d !== 0x6d || bytes.length < 8) return undefined;
  return layer === 0 ? "module" : layer === 1 ? "component" : undefined;
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(" ") || "nothing";
}

function walk(bytes: Uint8Array, visit: (id: number, body: Reader) => void): void {
  const reader = new Reader(bytes);
  reader.skip(8);
  while (!reader.atEnd) {
    const id = reader.byte();
    visit(id, new Reader(reader.bytes(reader.u32())));
  }
}

function collectCoreExports(bytes: Uint8Array, names: string[]): void {
  walk(bytes, (id, body) => {
    if (id === COMPONENT_SECTION) collectCoreExports(body.rest(), names);
    if (id === CORE_MODULE_SECTION) {
      walk(body.rest(), (coreId, core) => {
        if (coreId === CORE_EXPORT_SECTION) names.push(...exportedFunctions(core));
      });
    }
  });
}

function exportedFunctions(body: Reader): string[] {
  const names: string[] = [];
  for (let count = body.u32(); count > 0; count--) {
    const name = body.name();
    const kind = body.byte();
    body.u32();
    if (kind === CORE_FUNCTION) names.push(name);
  }
  return names;
}

function importNames(body: Reader): string[] {
  const names: string[] = [];
  for (let count = body.u32(); count > 0; count--) {
    // 0 and 1 are both plain names; newer ones are followed by options that we do not know.
    if (body.byte() > 1) throw new RangeError("unknown form of import name");
    names.push(body.name());
    const sort = body.byte();
    // A core module has a second byte; a type and a value say first how they are bound.
    if (sort === 0) body.byte();
    if (sort === 2 || sort === 3) {
      const bound = body.byte();
      if (sort === 3 && bound === 1) continue;
    }
    body.u32();
  }
  return names;
}

class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get atEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  byte(): number {
    const byte = this.#bytes[this.#at++];
    if (byte === undefined) throw new RangeError("unexpected end");
    return byte;
  }

  /** LEB128. */
  u32(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw new RangeError("a number is too long");
  }

  bytes(count: number): Uint8Array {
    if (this.#at + count > this.#bytes.length) throw new RangeError("unexpected end");
    this.#at += count;
    return this.#bytes.subarray(this.#at - count, this.#at);
  }

  rest(): Uint8Array {
    return this.bytes(this.#bytes.length - this.#at);
  }

  skip(count: number): void {
    this.bytes(count);
  }

  name(): string {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(this.bytes(this.u32()));
  }
}
