/** Compiling the same bytes again in one process gives what there is. */
import { hash } from "node:crypto";
import { compile, type CompiledComponent } from "../../run/compile.ts";

/** By the digest of the bytes. Held weakly: what nobody uses is the collector's. */
const compiling = new Map<string, WeakRef<Promise<CompiledComponent>>>();
/** A promise lives as long as what it gave. */
const promises = new WeakMap<CompiledComponent, Promise<CompiledComponent>>();
const forgotten = new FinalizationRegistry(forgetCollected);

/** `compile` on Node, once for the same bytes as long as somebody holds the result. A failure is not kept. */
export function compileOnce(bytes: Uint8Array): Promise<CompiledComponent> {
  const key = hash("sha256", bytes);
  const known = compiling.get(key)?.deref();
  if (known) return known;
  const promise = compile(bytes);
  compiling.set(key, new WeakRef(promise));
  forgotten.register(promise, key);
  promise.then(
    (component) => promises.set(component, promise),
    () => compiling.delete(key),
  );
  return promise;
}

/** Unless the same bytes have been compiled again since. */
function forgetCollected(key: string): void {
  if (compiling.get(key)?.deref() === undefined) compiling.delete(key);
}
