/** What functions are made with before there is the core instance that has it: nobody calls them until it is there. */
import type { AllocatorTable, CoreFunction } from "../../wait/gate.ts";
import type { CoreItem } from "../plan/items.ts";

interface Memory {
  readonly buffer: ArrayBuffer;
}

/** A memory that is looked up when it is first used. */
export class LateMemory implements Memory {
  readonly #find: () => Memory;

  constructor(find: () => Memory) {
    this.#find = find;
  }

  get buffer(): ArrayBuffer {
    return this.#find().buffer;
  }
}

/** Allocators that gates call by a table. */
export class LateAllocators {
  #waiting: { readonly item: CoreItem; readonly table: AllocatorTable }[] = [];

  tableFor(item: CoreItem): AllocatorTable {
    const table = new WebAssembly.Table({ element: "anyfunc", initial: 1 });
    this.#waiting.push({ item, table });
    return table;
  }

  /** Puts those there that there are by now. */
  provide(isThere: (item: CoreItem) => boolean, find: (item: CoreItem) => CoreFunction): void {
    for (const { item, table } of this.#waiting) if (isThere(item)) table.set(0, find(item));
    this.#waiting = this.#waiting.filter(({ item }) => !isThere(item));
  }
}
