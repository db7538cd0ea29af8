/** The end of one pipe: text as it is, anything else as numbers. */
import { h, setText } from "./dom.ts";
import { bytesText } from "./format.ts";

/** Characters that are kept, at least. */
const KEPT = 40_000;
/** Characters after which a block of lines is full. */
const FULL = 2000;
/** Lines that are shown of what is no text. */
const DUMPED_LINES = 32;
/** What a byte takes on a line, as numbers and as a character, in characters; and how wide one is, in pixels. */
const BYTE_CHARACTERS = 4;
const CHARACTER_PX = 8.6;

export class TextScreen {
  readonly element: HTMLElement;
  readonly #out: HTMLElement;
  readonly #note = h("span", { class: "note" });
  /** The last block of lines. */
  #last = h("span");
  #decoder = new TextDecoder();
  /** Characters of all blocks. */
  #kept = 0;
  #skipped = 0;

  /** @param name Whose output it shows. @param isAlone Whether it is the only one, so that nobody has to be told. */
  constructor(name: string, isAlone: boolean) {
    this.#out = h("pre", {
      class: "screen-text",
      attributes: { tabindex: 0, role: "log", "aria-live": "off", "aria-label": `Standard output of ${name}` },
    });
    this.element = h(
      "div",
      { class: "screen-of" },
      h("p", { class: "caption" }, isAlone ? "" : name, this.#note),
      this.#out,
    );
  }

  /** As before a run. */
  clear(): void {
    this.#decoder = new TextDecoder();
    this.#skipped = 0;
    this.#showOnly("");
    setText(this.#note, "");
  }

  /** @param skipped Bytes that were left out before these. */
  show(bytes: Uint8Array, skipped: number): void {
    this.#skipped += skipped;
    if (isText(bytes)) this.#append(this.#decoder.decode(bytes, { stream: true }));
    else this.#showOnly(dump(bytes, this.#perLine()));
    setText(this.#note, this.#skipped > 0 ? `${bytesText(this.#skipped)} were too fast to show` : "");
    this.#out.scrollTop = this.#out.scrollHeight;
  }

  #showOnly(text: string): void {
    this.#last = h("span", {}, text);
    this.#out.replaceChildren(this.#last);
    this.#kept = text.length;
  }

  /** Blocks before the last one stay as they are: with each text a few lines are laid out anew, and not all that are kept. */
  #append(text: string): void {
    const before = textOf(this.#last);
    const now = (before + text).slice(-KEPT);
    this.#kept += now.length - before.length;
    const end = now.length > FULL ? now.lastIndexOf("\n") + 1 : 0;
    setText(this.#last, end > 0 ? now.slice(0, end) : now);
    if (end > 0) {
      this.#last = h("span", {}, now.slice(end));
      this.#out.append(this.#last);
    }
    for (const block of [...this.#out.children].slice(0, -1)) {
      const { length } = textOf(block);
      if (this.#kept - length < KEPT) return;
      this.#kept -= length;
      block.remove();
    }
  }

  /** Bytes of a dump: as many as fit. */
  #perLine(): number {
    const fit = this.#out.clientWidth / CHARACTER_PX / BYTE_CHARACTERS;
    return fit >= 17 ? 16 : Math.max(4, Math.floor((fit - 1) / 4) * 4);
  }
}

function textOf({ textContent }: Node): string {
  return textContent ?? "";
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
