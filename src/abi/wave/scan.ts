/** The text of WAVE, token by token. Types are not its business. */
import { excerpt } from "../../io/quoted.ts";
import { WaveError } from "./wave.ts";

const WORD = /[%+\-.\w]*/y;
const HEX = /^[0-9a-fA-F]{1,6}$/;
const ESCAPES: Readonly<Record<string, string>> = { "'": "'", '"': '"', "\\": "\\", t: "\t", n: "\n", r: "\r" };
const BLOCK = '"""';
/** UTF-16 code units of the text that an error quotes. */
const MAX_EXCERPT_LENGTH = 32;

/** A place in a text, which only moves forwards: all that is read once is not read again, but for one word ahead. */
export class Scanner {
  readonly text: string;
  /** Whom errors name. */
  parameter: string | undefined;
  readonly #before: number;
  #at = 0;

  /** @param before How much of what a person sees is before the text. */
  constructor(text: string, before: number = 0) {
    this.text = text;
    this.#before = before;
  }

  /** Moves past whitespace and comments; where the next token begins. */
  skip(): number {
    for (;;) {
      const char = this.text[this.#at];
      if (char === " " || char === "\t" || char === "\n" || char === "\r") {
        this.#at++;
      } else if (char === "/" && this.text[this.#at + 1] === "/") {
        const end = this.text.indexOf("\n", this.#at);
        this.#at = end < 0 ? this.text.length : end;
      } else {
        return this.#at;
      }
    }
  }

  moveTo(at: number): void {
    this.#at = at;
  }

  /** Moves from an opening parenthesis to the one that closes it; where that is. */
  skipToClosing(): number {
    for (let depth = 0; ;) {
      const char = this.peek();
      if (char === "") throw this.error('")"');
      if (char === "(") depth++;
      if (char === ")" && --depth === 0) return this.#at;
      if (char === '"') this.string();
      else if (char === "'") this.quotedChar();
      else this.#at++;
    }
  }

  /** The first character of the next token; empty at the end. */
  peek(): string {
    return this.text[this.skip()] ?? "";
  }

  /** Takes `char` if it is next. */
  eat(char: string): boolean {
    if (this.peek() !== char) return false;
    this.#at++;
    return true;
  }

  expect(char: string, expected = `"${char}"`): void {
    if (!this.eat(char)) throw this.error(expected);
  }

  /** The label, keyword or number that is next, or what was meant to be one; empty if it is something else. */
  word(): string {
    const word = this.peekWord();
    this.#at += word.length;
    return word;
  }

  peekWord(): string {
    WORD.lastIndex = this.skip();
    return WORD.exec(this.text)?.[0] ?? "";
  }

  /** What is between single quotes, whatever its length. */
  quotedChar(): string {
    return this.#quoted("'");
  }

  /** A string of either form. */
  string(): string {
    return this.text.startsWith(BLOCK, this.skip()) ? this.#block() : this.#quoted('"');
  }

  error(expected: string, at: number = this.skip(), found: string = this.#excerpt(at)): WaveError {
    return new WaveError({ expected, found, column: this.#before + at + 1, parameter: this.parameter });
  }

  #excerpt(at: number): string {
    const first = this.text.codePointAt(at);
    if (first === undefined) return "the end";
    WORD.lastIndex = at;
    const word = WORD.exec(this.text)?.[0] || String.fromCodePoint(first);
    return quote(/["']/.test(word) ? this.text.slice(at, at + MAX_EXCERPT_LENGTH) : word);
  }

  #quoted(mark: '"' | "'"): string {
    const start = this.skip();
    let end = start + 1;
    for (; this.text[end] !== mark; end++) {
      if (this.text[end] === "\\") end++;
      if (end >= this.text.length || this.text[end] === "\n") throw this.error(`a closing ${mark}`, end);
    }
    this.#at = end + 1;
    return this.#wellFormed(this.#unescape(start + 1, end), start);
  }

  /** A string over several lines, from each of which the indentation of the closing mark is taken. */
  #block(): string {
    const { text } = this;
    const start = this.#at;
    const end = text.indexOf(BLOCK, start + BLOCK.length);
    if (end < 0) throw this.error(`a closing ${BLOCK}`, text.length);
    const afterMark = start + BLOCK.length;
    const first = text[afterMark] === "\r" ? afterMark + 1 : afterMark;
    if (text[first] !== "\n") throw this.error(`a line break after ${BLOCK}`, afterMark);
    const last = text.lastIndexOf("\n", end);
    const indent = text.slice(last + 1, end);
    if (!/^ *$/.test(indent)) throw this.error(`only spaces before the closing ${BLOCK}`, last + 1);
    const lines: string[] = [];
    for (let at = first + 1; at <= last;) {
      const lineEnd = text.indexOf("\n", at);
      if (!text.startsWith(indent, at)) throw this.error(`an indentation of ${indent.length} spaces or more`, at);
      const from = at + indent.length;
      lines.push(this.#unescape(from, lineEnd > from && text[lineEnd - 1] === "\r" ? lineEnd - 1 : lineEnd));
      at = lineEnd + 1;
    }
    this.#at = end + BLOCK.length;
    return this.#wellFormed(lines.join("\n"), start);
  }

  #unescape(from: number, end: number): string {
    let plain = "";
    let start = from;
    for (let at = from; at < end;) {
      if (this.text[at] !== "\\") {
        at++;
        continue;
      }
      const [char, length] = this.#escape(at, end);
      plain += this.text.slice(start, at) + char;
      at += length;
      start = at;
    }
    return plain + this.text.slice(start, end);
  }

  /** The character that the escape at `at` stands for, and the length of the escape. */
  #escape(at: number, end: number): [char: string, length: number] {
    const letter = at + 1 < end ? (this.text[at + 1] ?? "") : "";
    const char = ESCAPES[letter];
    if (char !== undefined) return [char, 2];
    // One more than the longest: `u{10ffff}`.
    const tail = this.text.slice(at + 1, Math.min(end, at + 11));
    const close = tail.indexOf("}");
    const digits = tail.startsWith("u{") ? tail.slice(2, Math.max(2, close)) : "";
    const code = HEX.test(digits) ? Number.parseInt(digits, 16) : Number.NaN;
    const scalar = code <= 0x10_ffff && (code < 0xd800 || code > 0xdfff);
    if (!scalar) throw this.error(String.raw`one of \' \" \\ \t \n \r \u{...}`, at, quote(`\\${tail}`));
    return [String.fromCodePoint(code), close + 2];
  }

  #wellFormed(plain: string, start: number): string {
    if (!plain.isWellFormed()) throw this.error("Unicode", start, "half of a surrogate pair");
    return plain;
  }
}

/** A text for a message, cut short. */
export function quote(text: string): string {
  return excerpt(text, MAX_EXCERPT_LENGTH);
}
