/** Compiling the same bytes again in one process gives what there is. */
import { hash } from "node:crypto";
import { compile, type CompiledComponent, type CompileOptions } from "../../run/compile.ts";
import { nodePlatform } from "./platform.ts";

/** By the digest of the bytes, and where they are kept. Held weakly: what nobody uses is the collector's. */
const compiling = new Map<string, WeakRef<Promise<CompiledComponent>>>();
/** A promise lives as long as what it gave. */
const promises = new WeakMap<CompiledComponent, Promise<CompiledComponent>>();
const forgotten = new FinalizationRegistry(forgetCollected);

/** `compile` on Node, once for the same bytes and options as long as somebody holds the result. A failure is not kept. */
export function compileOnce(bytes: Uint8Array, options: CompileOptions = {}): Promise<CompiledComponent> {
  const key = `${hash("sha256", bytes)} ${JSON.stringify(options.cache ?? true)}`;
  const known = compiling.get(key)?.deref();
  if (known) return known;
  const promise = compile(nodePlatform, bytes, options);
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
