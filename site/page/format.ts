/** Numbers as people read them, and the positions of a gate. */

const UNITS = ["B", "KiB", "MiB", "GiB"] as const;

/** Such as `12.4 KiB`. */
export function bytesText(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  const digits = unit === 0 || value >= 100 ? 0 : 1;
  return `${value.toFixed(digits).replace(/\.0$/, "")} ${UNITS[unit] ?? ""}`;
}

/** Such as `3.2 ms` or `12 s`. */
export function timeText(ms: number): string {
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0)} s`;
}

export function countText(count: number, one: string, many: string = `${one}s`): string {
  return `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
}

/** Where a gate can be: 0 is closed, this is open; each step between lets more through than the one before. */
export const OPEN = 46;
const SLOWEST = 16;

/** Bytes a second: from 16 on twice as many every two steps. */
export function rateOf(position: number): number {
  if (position <= 0) return 0;
  if (position >= OPEN) return Infinity;
  return Math.round(SLOWEST * 2 ** ((position - 1) / 2));
}

export function rateText(rate: number): string {
  if (rate === 0) return "closed";
  return rate === Infinity ? "open" : `${bytesText(rate)}/s`;
}

/** 0 to 1 for bytes a second, so that a trickle can be seen, and a flood still differs from a stream. */
export function strength(rate: number): number {
  return rate < 1 ? 0 : Math.min(1, (Math.log2(rate) + 2) / 28);
}

/** Words of a command line: quotes hold together, a backslash takes the next character as it is. */
export function wordsOf(line: string): string[] {
  const words: string[] = [];
  let word = "";
  let isWord = false;
  let quote = "";
  for (let at = 0; at < line.length; at++) {
    const character = line.charAt(at);
    if (character === "\\" && quote !== "'" && at + 1 < line.length) {
      word += line.charAt(++at);
      isWord = true;
    } else if (quote !== "") {
      if (character === quote) quote = "";
      else word += character;
    } else if (character === '"' || character === "'") {
      quote = character;
      isWord = true;
    } else if (/\s/.test(character)) {
      if (isWord) words.push(word);
      word = "";
      isWord = false;
    } else {
      word += character;
      isWord = true;
    }
  }
  if (isWord) words.push(word);
  return words;
}

/** Lines `name: value`. */
export function fieldsOf(text: string): (readonly [name: string, value: string])[] {
  return text.split("\n").flatMap((line) => {
    const at = line.indexOf(":");
    return at > 0 ? [[line.slice(0, at).trim(), line.slice(at + 1).trim()] as const] : [];
  });
}

/** Lines `NAME=value`. */
export function envOf(text: string): Record<string, string> {
  const entries = text.split("\n").flatMap((line) => {
    const at = line.indexOf("=");
    return at > 0 ? [[line.slice(0, at).trim(), line.slice(at + 1)]] : [];
  });
  return Object.fromEntries(entries);
}
