/** The sizes of memories that several core modules of one component instance know: see `StateNames.sized`. */
import type { StateNames } from "./core-state.ts";

/** The module and the name by which a memory is imported that has the size of another. */
export const SIZE: readonly [module: string, name: string] = ["\0state", "size"];

/** Bytes. */
const PAGE = 65_536;

export interface SizedMemory {
  readonly buffer: ArrayBuffer;
}

/** For each memory another, which has its size in pages at its start. */
export class SharedSizes {
  #sizes: Map<SizedMemory, SizedMemory> | undefined;

  /** All of them, in the order in which they were made. */
  get memories(): readonly SizedMemory[] {
    return [...(this.#sizes?.values() ?? [])];
  }

  /** What a module is given beside its imports. */
  addTo(imports: Record<string, object>, state: StateNames | undefined): void {
    if (!state?.sized) return;
    const [module, name] = state.sized;
    const memory: unknown = Reflect.get(imports[module] ?? {}, name);
    // The engine says what is wrong with one that is none.
    if (!(memory instanceof WebAssembly.Memory)) return;
    const sizes = (this.#sizes ??= new Map());
    let size = sizes.get(memory);
    if (!size) {
      size = new WebAssembly.Memory({ initial: 1, maximum: 1 });
      new DataView(size.buffer).setUint32(0, memory.buffer.byteLength / PAGE, true);
      sizes.set(memory, size);
    }
    imports[SIZE[0]] = { [SIZE[1]]: size };
  }
}
