/** Components become core modules and glue: the one place that calls jco's bindgen. */
import { InvalidComponentError, outline } from "./component.ts";

/** What a component becomes: everything that is needed to instantiate it, as files. */
export interface Transpiled {
  /** Names of what the component imports, with versions. */
  readonly imports: readonly string[];
  /** JavaScript that exports `instantiate`. */
  readonly glue: Uint8Array;
  /** Core WebAssembly, by the names under which the glue asks for it. */
  readonly cores: ReadonlyMap<string, Uint8Array>;
}

/** What of the bindgen's interface we use. */
export interface Bindgen {
  readonly $init: Promise<void>;
  generate(component: Uint8Array, options: object): { readonly files: [name: string, content: Uint8Array][] };
}

/** Kept with a cached result: changes whenever the same component would become something else. */
export const TRANSPILER = "jco-transpile-0.15.0-hybrid-jspi-1";

/**
 * @throws {InvalidComponentError} If `component` is none, or one that the bindgen cannot read.
 */
export async function transpile(component: Uint8Array, loadBindgen: () => Promise<Bindgen>): Promise<Transpiled> {
  const { imports, coreExports } = outline(component);
  const bindgen = await loadBindgen();
  await bindgen.$init;
  let files;
  try {
    ({ files } = bindgen.generate(component, {
      name: "component",
      noTypescript: true,
      noNodejsCompat: true,
      noComponentErrorWrapping: true,
      base64Cutoff: 0,
      instantiation: { tag: "async" },
      // Our functions lower themselves: see bind/jco.ts.
      importBindings: { tag: "hybrid" },
      // Every export may suspend its guest; our imports do it behind a gate of our own.
      asyncMode: { tag: "jspi", val: { imports: [], exports: suspendable(coreExports) } },
    }));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new InvalidComponentError(`The component cannot be read: ${reason}`, { cause });
  }
  const glue = files.find(([name]) => name === "component.js")?.[1];
  if (!glue) throw new Error("The bindgen gave no component.js");
  return { imports, glue, cores: new Map(files.filter(([name]) => name.endsWith(".wasm"))) };
}

/** Constructors are not among them: JavaScript has no asynchronous ones. */
function suspendable(coreExports: readonly string[]): string[] {
  return coreExports.filter((name) => /^([^#]+#)?(\[(method|static)\][\w.-]+|[\w-]+)$/.test(name));
}
