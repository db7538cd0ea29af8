import type { Sink } from "../io/ports.ts";

/** What is written without the end of a line is kept up to so many characters. */
const LONGEST = 8192;

/** Lines of many guests on one output, each with whose it is. Whole lines are written at once: none comes between. */
export class LinePrefix implements Sink {
  readonly #stream: string;
  readonly #guest: number;
  readonly #write: (text: string) => void;
  /** Made for the first bytes: most guests that answer requests print nothing. */
  #decoder: TextDecoder | undefined;
  /** What a line has begun with. */
  #begun = "";

  constructor(stream: "stdout" | "stderr", guest: number, write: (text: string) => void) {
    this.#stream = stream;
    this.#guest = guest;
    this.#write = write;
  }

  write(bytes: Uint8Array): number {
    this.#decoder ??= new TextDecoder();
    const lines = (this.#begun + this.#decoder.decode(bytes, { stream: true })).split("\n");
    this.#begun = lines.pop() ?? "";
    if (this.#begun.length > LONGEST) lines.push(this.#takeBegun());
    if (lines.length > 0) this.#writeLines(lines);
    return bytes.length;
  }

  flush(): boolean {
    return true;
  }

  watch(): void {}

  unwatch(): void {}

  /** Nothing more comes: a line that was not ended is written too. */
  close(): void {
    if (!this.#decoder) return;
    const line = this.#takeBegun() + this.#decoder.decode();
    if (line !== "") this.#writeLines([line]);
  }

  abort(): void {}

  #writeLines(lines: readonly string[]): void {
    this.#write(lines.map((line) => `${this.#stream} [${this.#guest}] :: ${line}\n`).join(""));
  }

  #takeBegun(): string {
    const line = this.#begun;
    this.#begun = "";
    return line;
  }
}
