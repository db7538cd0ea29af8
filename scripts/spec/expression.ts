/** S-expressions of the text format, as far as scripts of assertions need them. */

/** A list in parentheses, a string, or any other word. `start` and `end` are its place in the text. */
export type Expression = { readonly start: number; readonly end: number } & (
  | { readonly is: "list"; readonly items: readonly Expression[] }
  | { readonly is: "string"; readonly bytes: Uint8Array }
  | { readonly is: "word"; readonly word: string }
);

export type List = Expression & { readonly is: "list" };

/** @throws {SyntaxError} With the line. */
export function expressionsOf(text: string): Expression[] {
  return new Parser(text).all();
}

/** The word that an expression is, or the word that a list begins with. */
export function headOf(expression: Expression | undefined): string | undefined {
  if (expression?.is === "list") return expression.items[0]?.is === "word" ? expression.items[0].word : undefined;
  return expression?.is === "word" ? expression.word : undefined;
}

/** The text that a string is. */
export function textOf(expression: Expression | undefined): string | undefined {
  return expression?.is === "string"
    ? new TextDecoder("utf-8", { ignoreBOM: true }).decode(expression.bytes)
    : undefined;
}

/** Counted from 1. */
export function lineOf(text: string, at: number): number {
  return text.slice(0, at).split("\n").length;
}

const ESCAPES: Readonly<Record<string, number>> = { n: 10, t: 9, r: 13, '"': 34, "\\": 92, "'": 39 };

class Parser {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  all(): Expression[] {
    const expressions: Expression[] = [];
    for (;;) {
      this.#skip();
      if (this.#at >= this.#text.length) return expressions;
      expressions.push(this.#expression());
    }
  }

  #expression(): Expression {
    const start = this.#at;
    switch (this.#text[start]) {
      case "(": {
        this.#at++;
        const items = this.#items();
        return { is: "list", items, start, end: this.#at };
      }
      case '"':
        this.#at++;
        return { is: "string", bytes: this.#string(), start, end: this.#at };
      default: {
        const word = this.#match(/[^\s()";]+/y) ?? this.#fail("a word is expected");
        return { is: "word", word, start, end: this.#at };
      }
    }
  }

  /** Up to the parenthesis that closes the list. */
  #items(): Expression[] {
    const items: Expression[] = [];
    for (;;) {
      this.#skip();
      if (this.#at >= this.#text.length) this.#fail("a parenthesis is open");
      if (this.#text[this.#at] === ")") {
        this.#at++;
        return items;
      }
      items.push(this.#expression());
    }
  }

  #string(): Uint8Array {
    const bytes: number[] = [];
    for (;;) {
      const plain = this.#match(/[^"\\]+/y);
      if (plain !== undefined) bytes.push(...new TextEncoder().encode(plain));
      const mark = this.#text[this.#at++];
      if (mark === '"') return Uint8Array.from(bytes);
      if (mark === undefined) this.#fail("a string is open");
      bytes.push(...this.#escape());
    }
  }

  #escape(): readonly number[] {
    const code = this.#match(/u\{[0-9a-fA-F_]+\}/y);
    if (code !== undefined) {
      return [...new TextEncoder().encode(String.fromCodePoint(parseInt(code.slice(2).replaceAll("_", ""), 16)))];
    }
    const byte = this.#match(/[0-9a-fA-F]{2}/y);
    if (byte !== undefined) return [parseInt(byte, 16)];
    const escape = ESCAPES[this.#text[this.#at++] ?? ""];
    return escape === undefined ? this.#fail("an escape is unknown") : [escape];
  }

  /** White space and comments. */
  #skip(): void {
    while (this.#match(/\s+|;;[^\n]*/y) !== undefined || this.#comment());
  }

  /** `(; ... ;)`, which may contain others. */
  #comment(): boolean {
    if (!this.#text.startsWith("(;", this.#at)) return false;
    let depth = 0;
    do {
      const mark = this.#match(/(?:[^(;]|\((?!;)|;(?!\)))*(?:\(;|;\))/y) ?? this.#fail("a comment is open");
      depth += mark.endsWith("(;") ? 1 : -1;
    } while (depth > 0);
    return true;
  }

  /** @param pattern Sticky. */
  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }

  #fail(message: string): never {
    throw new SyntaxError(`line ${lineOf(this.#text, this.#at)}: ${message}`);
  }
}
