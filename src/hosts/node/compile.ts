/** Compiling the same bytes again in one process gives what there is. */
import { type CompiledComponent } from "../../run/component.ts";
import { compile } from "../../run/compile.ts";

/** Bytes that are kept to be compared with: the digest of more is, which is 6 ms of loading away. */
const COMPARED_BYTES = 256 * 1024;

interface Compiling {
  /** The bytes, if they are few; or a digest of them. */
  readonly key: Uint8Array;
  readonly promise: WeakRef<Promise<CompiledComponent>>;
}

/** By the number of bytes. Held weakly: what nobody uses is the collector's. */
const compiling = new Map<number, readonly Compiling[]>();
/** A promise lives as long as what it gave. */
const promises = new WeakMap<CompiledComponent, Promise<CompiledComponent>>();
const forgotten = new FinalizationRegistry(forgetCollected);

/** `compile` on Node, once for the same bytes as long as somebody holds the result. A failure is not kept. */
export function compileOnce(bytes: Uint8Array): Promise<CompiledComponent> {
  const size = bytes.length;
  const key = keyOf(bytes);
  const known = compiling.get(size)?.find((other) => Buffer.compare(other.key, key) === 0);
  const there = known?.promise.deref();
  if (there) return there;
  const promise = compile(bytes);
  const made = { key, promise: new WeakRef(promise) };
  compiling.set(size, [...(compiling.get(size) ?? []).filter((other) => other !== known), made]);
  forgotten.register(promise, size);
  promise.then(
    (component) => promises.set(component, promise),
    () => keepOnly(size, (other) => other !== made),
  );
  return promise;
}

/** A copy: the bytes may be changed by their owner. */
function keyOf(bytes: Uint8Array): Uint8Array {
  if (bytes.length <= COMPARED_BYTES) return Uint8Array.from(bytes);
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
