import type { TestContext } from "node:test";

/** Counts core instances that are made from here on, apart from what calls those that come together. */
export function counted(t: TestContext): { count: number } {
  const made = { count: 0 };
  const { Instance } = WebAssembly;
  class Counted extends Instance {
    constructor(module: WebAssembly.Module, imports?: WebAssembly.Imports) {
      super(module, imports);
      if (!WebAssembly.Module.imports(module).some(({ name }) => name === "next")) made.count++;
    }
  }
  WebAssembly.Instance = Counted;
  t.after(() => void (WebAssembly.Instance = Instance));
  return made;
}
