/** A part of the code that not every component needs: loaded when the first does, and then there for all. It holds nothing of an instance's. */
export class Part<Code> {
  readonly #load: () => Promise<Code>;
  #code: Code | undefined;

  /** @param load An `import()`. */
  constructor(load: () => Promise<Code>) {
    this.#load = load;
  }

  /** To be waited for before `code` is asked for. */
  async load(): Promise<Code> {
    return (this.#code ??= await this.#load());
  }

  get code(): Code {
    if (!this.#code) throw new Error("A part of the code is used before it is loaded");
    return this.#code;
  }
}
