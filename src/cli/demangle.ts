/**
 * Names of Rust's functions, as their authors wrote them.
 *
 * @see https://rust-lang.github.io/rfcs/2603-rust-symbol-name-mangling-v0.html
 */

/** What `symbol` is called in Rust; as it is if Rust has not made it. */
export function demangled(symbol: string): string {
  if (symbol.startsWith("_ZN")) return legacy(symbol) ?? symbol;
  if (!symbol.startsWith("_R")) return symbol;
  try {
    return new V0(symbol.slice(2)).name();
  } catch (error) {
    if (error instanceof Unreadable) return symbol;
    throw error;
  }
}

const ESCAPES: Readonly<Record<string, string>> = {
  SP: "@",
  BP: "*",
  RF: "&",
  LT: "<",
  GT: ">",
  LP: "(",
  RP: ")",
  C: ",",
};

/** `_ZN`, names with their lengths, the last a hash, `E`. */
function legacy(symbol: string): string | undefined {
  const parts: string[] = [];
  let at = 3;
  for (;;) {
    const [digits] = /^[1-9]\d{0,3}/.exec(symbol.slice(at)) ?? [];
    if (digits === undefined) break;
    const end = at + digits.length + Number(digits);
    if (end > symbol.length) return undefined;
    parts.push(symbol.slice(at + digits.length, end));
    at = end;
  }
  if (symbol[at] !== "E" || parts.length < 2 || !/^h[0-9a-f]{16}$/.test(parts.at(-1) ?? "")) return undefined;
  return parts
    .slice(0, -1)
    .map((part) =>
      part
        .replace(/^_(?=\$)/, "")
        .replaceAll("..", "::")
        .replaceAll(/\$(\w+?)\$/g, (whole, code: string) => {
          const point = /^u([0-9a-f]{1,6})$/.exec(code)?.[1];
          const number = Number.parseInt(point ?? "", 16);
          return ESCAPES[code] ?? (number <= 0x10ffff ? String.fromCodePoint(number) : whole);
        }),
    )
    .join("::");
}

class Unreadable extends Error {}

const BASIC: Readonly<Record<string, string>> = {
  ...{ a: "i8", b: "bool", c: "char", d: "f64", e: "str", f: "f32", h: "u8", i: "isize", j: "usize", l: "i32" },
  ...{ m: "u32", n: "i128", o: "u128", p: "_", s: "i16", t: "u16", u: "()", v: "...", x: "i64", y: "u64", z: "!" },
};
/** A name may say of itself that it is part of itself. */
const MOST_NESTED = 64;
const MOST_TEXT = 1000;

/** One symbol of the newer form, read from the left. */
class V0 {
  readonly #text: string;
  #at = 0;
  #depth = 0;
  #written = 0;

  constructor(text: string) {
    this.#text = text;
  }

  name(): string {
    // A version, which nobody has used.
    if (/\d/.test(this.#peek())) throw new Unreadable();
    return this.#path();
  }

  #peek(): string {
    return this.#text[this.#at] ?? "";
  }

  #next(): string {
    const char = this.#text[this.#at++];
    if (char === undefined) throw new Unreadable();
    return char;
  }

  #takes(char: string): boolean {
    if (this.#peek() !== char) return false;
    this.#at++;
    return true;
  }

  /** Base 62, less one: `_` is 0, `0_` is 1. */
  #number62(): number {
    if (this.#takes("_")) return 0;
    let value = 0;
    for (let char = this.#next(); char !== "_"; char = this.#next()) {
      const digit = /\d/.test(char)
        ? Number(char)
        : /[a-z]/.test(char)
          ? char.charCodeAt(0) - 87
          : char.charCodeAt(0) - 29;
      if (digit < 0 || digit > 61) throw new Unreadable();
      value = value * 62 + digit;
    }
    return value + 1;
  }

  #disambiguator(): number {
    return this.#takes("s") ? this.#number62() + 1 : 0;
  }

  #identifier(): string {
    const isPunycode = this.#takes("u");
    const [digits = ""] = /^(?:0|[1-9]\d{0,3})/.exec(this.#text.slice(this.#at)) ?? [];
    if (digits === "") throw new Unreadable();
    this.#at += digits.length;
    this.#takes("_");
    const length = Number(digits);
    if (this.#at + length > this.#text.length) throw new Unreadable();
    const name = this.#text.slice(this.#at, this.#at + length);
    this.#at += length;
    this.#written += length;
    if (this.#written > MOST_TEXT) throw new Unreadable();
    return isPunycode ? `{${name}}` : name;
  }

  #nested<T>(read: () => T): T {
    if (++this.#depth > MOST_NESTED) throw new Unreadable();
    const value = read();
    this.#depth--;
    return value;
  }

  /** What stands further to the left. */
  #again<T>(read: () => T): T {
    const start = this.#at - 1;
    const target = this.#number62();
    if (target >= start) throw new Unreadable();
    const back = this.#at;
    this.#at = target;
    this.#written += 8;
    if (this.#written > MOST_TEXT) throw new Unreadable();
    const value = read();
    this.#at = back;
    return value;
  }

  #path(): string {
    return this.#nested(() => this.#pathNow());
  }

  #pathNow(): string {
    const tag = this.#next();
    switch (tag) {
      case "C":
        this.#disambiguator();
        return this.#identifier();
      case "M":
      case "X": {
        this.#disambiguator();
        // Where the `impl` stands, which says nothing more.
        this.#path();
        const type = this.#type();
        return tag === "M" ? `<${type}>` : `<${type} as ${this.#path()}>`;
      }
      case "Y": {
        const type = this.#type();
        return `<${type} as ${this.#path()}>`;
      }
      case "N":
        return this.#member();
      case "I":
        return `${this.#path()}<${this.#list(() => this.#argument())}>`;
      case "B":
        return this.#again(() => this.#path());
      default:
        throw new Unreadable();
    }
  }

  #member(): string {
    const space = this.#next();
    const parent = this.#path();
    const number = this.#disambiguator();
    const name = this.#identifier();
    if (/[a-z]/.test(space)) return name === "" ? parent : `${parent}::${name}`;
    const kind = space === "C" ? "closure" : space === "S" ? "shim" : space;
    return `${parent}::{${kind}${name === "" ? "" : `:${name}`}#${number}}`;
  }

  #list(read: () => string): string {
    const items: string[] = [];
    while (!this.#takes("E")) items.push(read());
    return items.join(", ");
  }

  #argument(): string {
    if (this.#takes("L")) {
      this.#number62();
      return "'_";
    }
    return this.#takes("K") ? this.#constant() : this.#type();
  }

  #constant(): string {
    if (this.#takes("p")) return "_";
    if (this.#takes("B")) return this.#again(() => this.#constant());
    const type = this.#next();
    if (!(type in BASIC)) throw new Unreadable();
    const sign = this.#takes("n") ? "-" : "";
    const [, digits] = /^([0-9a-f]*)_/.exec(this.#text.slice(this.#at)) ?? [];
    if (digits === undefined || digits.length > 32) throw new Unreadable();
    this.#at += digits.length + 1;
    const value = BigInt(`0x${digits === "" ? "0" : digits}`);
    return type === "b" ? String(value !== 0n) : `${sign}${value}`;
  }

  #type(): string {
    return this.#nested(() => this.#typeNow());
  }

  #typeNow(): string {
    const tag = this.#peek();
    const basic = BASIC[tag];
    if (basic !== undefined) {
      this.#at++;
      return basic;
    }
    if (/[CMXYNI]/.test(tag)) return this.#path();
    this.#at++;
    switch (tag) {
      case "R":
      case "Q":
        if (this.#takes("L")) this.#number62();
        return `&${tag === "Q" ? "mut " : ""}${this.#type()}`;
      case "P":
        return `*const ${this.#type()}`;
      case "O":
        return `*mut ${this.#type()}`;
      case "A": {
        const item = this.#type();
        return `[${item}; ${this.#constant()}]`;
      }
      case "S":
        return `[${this.#type()}]`;
      case "T":
        return `(${this.#list(() => this.#type())})`;
      case "F":
        return this.#functionType();
      case "D": {
        const traits = this.#dynamic();
        if (this.#takes("L")) this.#number62();
        return `dyn ${traits}`;
      }
      case "B":
        return this.#again(() => this.#type());
      default:
        throw new Unreadable();
    }
  }

  #functionType(): string {
    if (this.#takes("G")) this.#number62();
    const isUnsafe = this.#takes("U");
    if (this.#takes("K") && !this.#takes("C")) this.#identifier();
    const params = this.#list(() => this.#type());
    const result = this.#type();
    return `${isUnsafe ? "unsafe " : ""}fn(${params})${result === "()" ? "" : ` -> ${result}`}`;
  }

  #dynamic(): string {
    if (this.#takes("G")) this.#number62();
    const traits: string[] = [];
    while (!this.#takes("E")) {
      let trait = this.#path();
      while (this.#takes("p")) trait += ` ${this.#identifier()} = ${this.#type()}`;
      traits.push(trait);
    }
    return traits.join(" + ");
  }
}
