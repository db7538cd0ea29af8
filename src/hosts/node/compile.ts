/** Compiling the same bytes again in one process gives what there is. */
import { type CompiledComponent } from "../../run/component.ts";
import { compile } from "../../run/compile.ts";

/** Bytes that are kept to be compared with for as long as what they were compiled to: the digest of more is, later. */
const KEPT_BYTES = 256 * 1024;
/** More are never copied: to load what makes a digest takes 6 ms, and little of what they take to compile. */
const COPIED_BYTES = 16 * 1024 * 1024;
/** How long a copy of more than `KEPT_BYTES` is kept, in milliseconds: a process that only runs one component has ended by then. */
const COPY_TIME = 1000;

/** By the number of bytes. Held weakly: what nobody uses is the collector's. */
const compiling = new Map<number, readonly Compiling[]>();
/** A promise lives as long as what it gave. */
const promises = new WeakMap<CompiledComponent, Promise<CompiledComponent>>();
const forgotten = new FinalizationRegistry(forgetCollected);

/** Bytes that have been compiled, or are being: they may be changed by their owner. */
class Compiling {
  readonly promise: WeakRef<Promise<CompiledComponent>>;
  /** A copy of the bytes, or a digest of them. */
  #kept: Uint8Array;
  #isDigest: boolean;

  constructor(bytes: Uint8Array, promise: Promise<CompiledComponent>) {
    this.promise = new WeakRef(promise);
    this.#isDigest = bytes.length > COPIED_BYTES;
    this.#kept = this.#isDigest ? digestOf(bytes) : Uint8Array.from(bytes);
    if (this.#isDigest || bytes.length <= KEPT_BYTES) return;
    // That of the global object is a number on Deno.
    const { setTimeout } = process.getBuiltinModule("node:timers");
    setTimeout(() => this.#keepDigest(), COPY_TIME).unref();
  }

  /** @param digest That of `bytes`, made once for all that are asked. */
  isOf(bytes: Uint8Array, digest: () => Uint8Array): boolean {
    return Buffer.compare(this.#kept, this.#isDigest ? digest() : bytes) === 0;
  }

  #keepDigest(): void {
    // Of what is gone nobody will ask.
    this.#kept = this.promise.deref() === undefined ? new Uint8Array(0) : digestOf(this.#kept);
    this.#isDigest = true;
  }
}

/** `compile` on Node, once for the same bytes as long as somebody holds the result. A failure is not kept. */
export function compileOnce(bytes: Uint8Array): Promise<CompiledComponent> {
  const size = bytes.length;
  let made: Uint8Array | undefined;
  const digest = (): Uint8Array => (made ??= digestOf(bytes));
  const known = compiling.get(size)?.find((other) => other.isOf(bytes, digest));
  const there = known?.promise.deref();
  if (there) return there;
  const promise = compile(bytes);
  const added = new Compiling(bytes, promise);
  compiling.set(size, [...(compiling.get(size) ?? []).filter((other) => other !== known), added]);
  forgotten.register(promise, size);
  promise.then(
    (component) => promises.set(component, promise),
    () => keepOnly(size, (other) => other !== added),
  );
  return promise;
}

function digestOf(bytes: Uint8Array): Uint8Array {
  return process.getBuiltinModule("node:crypto").hash("sha256", bytes, "buffer");
}

/** Unless the same bytes have been compiled again since. */
function forgetCollected(size: number): void {
  keepOnly(size, ({ promise }) => promise.deref() !== undefined);
}

function keepOnly(size: number, stays: (one: Compiling) => boolean): void {
  const left = (compiling.get(size) ?? []).filter(stays);
  if (left.length > 0) compiling.set(size, left);
  else compiling.delete(size);
}
