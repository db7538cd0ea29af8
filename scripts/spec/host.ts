/** What Wasmtime gives to the components of its own scripts. */
import type { Imports } from "../../src/run/imports.ts";

/** (module (global (export "g") i32 (i32.const 100)) (func (export "f") (result i32) (i32.const 101))) */
const SIMPLE_MODULE = Uint8Array.of(
  ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x01, 0x05, 0x01, 0x60, 0x00, 0x01, 0x7f, 0x03, 0x02, 0x01, 0x00],
  ...[0x06, 0x07, 0x01, 0x7f, 0x00, 0x41, 0xe4, 0x00, 0x0b, 0x07, 0x09, 0x02, 0x01, 0x67, 0x03, 0x00, 0x01, 0x66, 0x00],
  ...[0x00, 0x0a, 0x07, 0x01, 0x05, 0x00, 0x41, 0xe5, 0x00, 0x0b],
);

/** After a few turns of the event loop. */
async function turns<T>(value: T): Promise<T> {
  for (let turn = 0; turn < 5; turn++) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await new Promise((resolve) => setImmediate(resolve));
  }
  return value;
}

/** New for each script, since it counts what is dropped. */
export function hostImports(): Imports {
  let drops = 0;
  let lastDrop = 0;
  const assertRep = (resource: Resource1, rep: number): void => {
    if (resource.rep !== rep) throw new WebAssembly.RuntimeError(`the resource is ${resource.rep}, not ${rep}`);
  };
  class Resource1 {
    readonly rep: number;
    constructor(rep: number) {
      this.rep = rep;
    }
    static assert(resource: Resource1, rep: number): void {
      assertRep(resource, rep);
    }
    static lastDrop(): number {
      return lastDrop;
    }
    static drops(): number {
      return drops;
    }
    simple(rep: number): void {
      assertRep(this, rep);
    }
    takeBorrow(): void {}
    takeOwn(): void {}
    neverReturn(): Promise<never> {
      return new Promise(() => {});
    }
    [Symbol.dispose](): void {
      drops++;
      lastDrop = this.rep;
    }
  }
  class Resource2 {
    readonly name = "resource2";
  }
  return {
    "host-return-two": () => 2,
    "host-echo-u32": (value: number) => value,
    host: {
      returnThree: () => 3,
      returnHi: () => "hi",
      returnTwoSlowly: () => turns(2),
      echoSlowly: (value: number) => turns(value),
      nested: { returnFour: () => 4 },
      simpleModule: new WebAssembly.Module(SIMPLE_MODULE),
      Resource1,
      Resource1Again: Resource1,
      Resource2,
    },
  };
}
