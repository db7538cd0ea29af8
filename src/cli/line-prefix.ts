/** What is written without the end of a line is kept up to so many characters. */
const LONGEST = 8192;

/** Lines of many guests on one output, each with whose it is. Whole lines are written at once: none comes between. */
export class LinePrefix {
  readonly #prefix: string;
  readonly #write: (text: string) => void;
  /** Made for the first bytes: most guests that answer requests print nothing. */
  #decoder: TextDecoder | undefined;
  /** What a line has begun with. */
  #begun = "";

  constructor(prefix: string, write: (text: string) => void) {
    this.#prefix = prefix;
    this.#write = write;
  }

  readonly push = (chunk: Uint8Array): void => {
    this.#decoder ??= new TextDecoder();
    const lines = (this.#begun + this.#decoder.decode(chunk, { stream: true })).split("\n");
    this.#begun = lines.pop() ?? "";
    if (this.#begun.length > LONGEST) lines.push(this.#takeBegun());
    if (lines.length > 0) this.#write(lines.map((line) => `${this.#prefix}${line}\n`).join(""));
  };

  /** Nothing more comes: a line that was not ended is written too. */
  readonly end = (): void => {
    if (!this.#decoder) return;
    const line = this.#takeBegun() + this.#decoder.decode();
    if (line !== "") this.#write(`${this.#prefix}${line}\n`);
  };

  #takeBegun(): string {
    const line = this.#begun;
    this.#begun = "";
    return line;
  }
}
