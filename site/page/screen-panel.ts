/** What arrives on the screen: text as it is, anything else as numbers. */
import type { Frame } from "../protocol.ts";
import { h, setText } from "./dom.ts";
import { bytesText } from "./format.ts";

/** Characters that are kept. */
const KEPT = 40_000;
/** Lines that are shown of what is no text. */
const DUMPED_LINES = 32;
/** What a byte takes on a line, as numbers and as a character, in characters; and how wide one is, in pixels. */
const BYTE_CHARACTERS = 4;
const CHARACTER_PX = 8.6;

export class ScreenPanel {
  readonly element: HTMLElement;
  readonly #out = h("pre", {
    id: "screen-text",
    attributes: { tabindex: 0, role: "log", "aria-live": "off", "aria-label": "Standard output" },
  });
  readonly #note = h("p", { class: "note" });
  readonly #errors = h("pre", {
    class: "errors",
    attributes: { tabindex: 0, role: "log", "aria-label": "Standard error" },
  });
  #decoder = new TextDecoder();
  #text = "";
  #skipped = 0;

  constructor() {
    this.element = h(
      "section",
      { class: "panel output", attributes: { "aria-label": "Screen" } },
      h("header", {}, h("h2", {}, "Screen"), this.#note),
      this.#out,
      this.#errors,
    );
    this.clear();
  }

  clear(): void {
    this.#decoder = new TextDecoder();
    this.#text = "";
    this.#skipped = 0;
    for (const node of [this.#out, this.#errors, this.#note]) setText(node, "");
    this.#errors.hidden = true;
  }

  show({ shown, complaints }: Frame): void {
    for (const { bytes, skipped } of shown) {
      this.#skipped += skipped;
      if (isText(bytes)) this.#put(this.#decoder.decode(bytes, { stream: true }), false);
      else this.#put(dump(bytes, this.#perLine()), true);
    }
    if (shown.length > 0) {
      setText(this.#note, this.#skipped > 0 ? `${bytesText(this.#skipped)} were too fast to show` : "");
      this.#out.scrollTop = this.#out.scrollHeight;
    }
    for (const { text } of complaints) this.complain(text);
  }

  /** @param rule Of the contract, if one was broken. */
  complain(text: string, rule?: string): void {
    this.#errors.hidden = false;
    this.#errors.append(text);
    if (rule === undefined) return;
    const link = h("a", { attributes: { href: `docs/contract.html#rule-${rule}` } }, `Rule ${rule} of the contract`);
    this.#errors.append(link, "\n");
  }

  /** Bytes of a dump: as many as fit. */
  #perLine(): number {
    const fit = this.#out.clientWidth / CHARACTER_PX / BYTE_CHARACTERS;
    return fit >= 17 ? 16 : Math.max(4, Math.floor((fit - 1) / 4) * 4);
  }

  #put(text: string, replaces: boolean): void {
    this.#text = replaces ? text : (this.#text + text).slice(-KEPT);
    setText(this.#out, this.#text);
  }
}

/** Whether most of it can be read. */
function isText(bytes: Uint8Array): boolean {
  const some = bytes.subarray(0, 512);
  const strange = some.filter((byte) => byte < 32 && byte !== 9 && byte !== 10 && byte !== 13 && byte !== 27).length;
  return strange <= some.length / 20;
}

/** The last lines of it. */
function dump(bytes: Uint8Array, perLine: number): string {
  const lines = [];
  const last = bytes.subarray(-DUMPED_LINES * perLine);
  for (let at = 0; at < last.length; at += perLine) {
    const line = last.subarray(at, at + perLine);
    const numbers = Array.from(line, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
    const text = Array.from(line, (byte) => (byte > 31 && byte < 127 ? String.fromCharCode(byte) : "·")).join("");
    lines.push(`${numbers.padEnd(3 * perLine)} ${text}`);
  }
  return lines.join("\n");
}
