/** Names for which those who make code, objects or text of names must not fall. */
const encoder = new TextEncoder();

const WORDS: readonly string[] = [
  ...[
    '"',
    "'",
    "`",
    "\\",
    "\n",
    "\r",
    "\u2028",
    "\u2029",
    "*/",
    "//",
    "${x}",
    "<script>",
    "\0",
    "\u{10ffff}",
    "\ufeff",
    "",
  ],
  ...[
    '"]; globalThis.hurt = 1; ["',
    "`+(globalThis.hurt=1)+`",
    "*/ globalThis.hurt = 1 /*",
    "\\u0022",
    "a\nimport 'node:fs'",
  ],
  ...[
    "__proto__",
    "constructor",
    "prototype",
    "then",
    "to-string",
    "toString",
    "has-own-property",
    "value-of",
    "to-json",
  ],
  ...[
    "default",
    "class",
    "await",
    "function",
    "import",
    "null",
    "true",
    "arguments",
    "eval",
    "name",
    "length",
    "caller",
  ],
  ...["apply", "call", "bind", "symbol-iterator", "dispose", "tag", "val", "define-property", "global-this", "process"],
  ...["[constructor]a", "[method]a.constructor", "[static]a.prototype", "[static]a.name", "[method]a.then", "[async]a"],
  ...[
    "a:b/c",
    "a:b/c@1.2.3-rc.1+5",
    "wasi:cli/stdout@0.2.0",
    "wasi:io/streams@0.2.99",
    "unlocked-dep=<a:b>",
    "url=<x>",
  ],
  ...["A", "a-B", "a--b", "-a", "a-", "1a", "a.b", "cabi_realloc", "memory", "_initialize", "_start", "0", "-1"],
  ...["a".repeat(100_000), "a-".repeat(5000) + "a", "a".repeat(1_000_000)],
];

/** What is no UTF-8. */
const NO_TEXT: readonly (readonly number[])[] = [[0xff], [0xc3, 0x28], [0xed, 0xa0, 0x80], [0xc0, 0x80], [0x61, 0xf4]];

export interface HostileName {
  readonly bytes: Uint8Array;
  readonly isText: boolean;
}

export const HOSTILE_NAMES: readonly HostileName[] = [
  ...WORDS.map((word) => ({ bytes: encoder.encode(word), isText: true })),
  ...NO_TEXT.map((bytes) => ({ bytes: Uint8Array.from(bytes), isText: false })),
];
