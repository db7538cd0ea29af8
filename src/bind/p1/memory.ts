import { Trap } from "../../io/trap.ts";
import { FileError } from "../../wasi/filesystem/files.ts";
import { MAX_PATH_BYTES } from "../../wasi/filesystem/path.ts";

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * The guest's memory. A pointer outside of it, or one that is not aligned, traps (1.1), as preview 1 says of both. Views
 * are valid until the guest runs again.
 */
export class P1Memory {
  readonly #buffer: () => ArrayBuffer;
  #view: DataView<ArrayBuffer> | undefined;

  /** @param buffer What the memory is at the time: it is another one after the guest has let it grow. */
  constructor(buffer: () => ArrayBuffer) {
    this.#buffer = buffer;
  }

  loadU8(at: number): number {
    return this.#at(at, 1).getUint8(at);
  }

  loadU16(at: number): number {
    return this.#at(at, 2).getUint16(at, true);
  }

  loadU32(at: number): number {
    return this.#at(at, 4).getUint32(at, true);
  }

  loadU64(at: number): bigint {
    return this.#at(at, 8).getBigUint64(at, true);
  }

  storeU8(at: number, value: number): void {
    this.#at(at, 1).setUint8(at, value);
  }

  storeU16(at: number, value: number): void {
    this.#at(at, 2).setUint16(at, value, true);
  }

  storeU32(at: number, value: number): void {
    this.#at(at, 4).setUint32(at, value, true);
  }

  storeU64(at: number, value: bigint): void {
    this.#at(at, 8).setBigUint64(at, value, true);
  }

  /** A view of the guest's bytes. Of no bytes it does not matter where they are. */
  bytes(at: number, length: number): Uint8Array<ArrayBuffer> {
    if (length === 0) return new Uint8Array(0);
    const { buffer } = this.#current();
    assertInside(at, length, buffer.byteLength);
    return new Uint8Array(buffer, at, length);
  }

  /** @throws EILSEQ if the bytes are no UTF-8. */
  text(at: number, length: number): string {
    const bytes = this.bytes(at, length);
    if (length > MAX_PATH_BYTES) throw new FileError("ENAMETOOLONG", `a path of ${length} bytes`);
    try {
      return utf8.decode(bytes);
    } catch {
      throw new FileError("EILSEQ", "a path is no UTF-8");
    }
  }

  /** @param size Of a number, and so what it is aligned to. */
  #at(at: number, size: number): DataView {
    const view = this.#current();
    if ((at & (size - 1)) !== 0) throw new Trap("1.1", `a pointer to ${size} bytes at ${at} is not aligned`);
    assertInside(at, size, view.byteLength);
    return view;
  }

  #current(): DataView<ArrayBuffer> {
    const buffer = this.#buffer();
    if (this.#view?.buffer !== buffer) this.#view = new DataView(buffer);
    return this.#view;
  }
}

function assertInside(at: number, length: number, size: number): void {
  if (at + length > size) throw new Trap("1.1", `${length} bytes at ${at} are outside of a memory of ${size}`);
}
