/** Core modules of components, without what they import: what belongs to the guest and the engine, and to no host. */
import { decode } from "../../src/load/decode/decode.ts";
import { planOf } from "../../src/load/plan/plan.ts";

/** The core module of a component that has the memory. */
export function mainModule(component: Uint8Array): WebAssembly.Module {
  const main = planOf(decode(component))
    .modules.map((module) => new WebAssembly.Module(Uint8Array.from(module)))
    .find((module) => WebAssembly.Module.exports(module).some(({ kind }) => kind === "memory"));
  if (!main) throw new Error("The component has no memory");
  return main;
}

/** What a core module imports, which are functions: all of them give 0, or do what `stub` does for their names. */
export function stubs(module: WebAssembly.Module, stub: (name: string) => void = () => {}): WebAssembly.Imports {
  const imports: Record<string, Record<string, () => number>> = {};
  for (const { module: from, name } of WebAssembly.Module.imports(module)) {
    (imports[from] ??= {})[name] = () => {
      stub(name);
      return 0;
    };
  }
  return imports;
}
