import { compile, type CompiledComponent } from "sluice";

/** Components that are compiled once, and run as often as anybody likes. */
export class Components {
  readonly #compiled = new Map<number, Promise<CompiledComponent>>();

  prepare(component: number, bytes: Uint8Array): void {
    const compiled = compile(bytes);
    // Who runs it is told.
    compiled.catch(() => {});
    this.#compiled.set(component, compiled);
  }

  forget(component: number): void {
    this.#compiled.delete(component);
  }

  /** @throws As `compile` does. */
  async get(component: number): Promise<CompiledComponent> {
    const compiled = this.#compiled.get(component);
    if (!compiled) throw new RangeError(`No component was prepared under ${component}`);
    return compiled;
  }
}
