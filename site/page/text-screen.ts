/** The end of one pipe: text as it is, anything else as numbers. */
import { h, setText } from "./dom.ts";
import { bytesText } from "./format.ts";

/** Characters that are kept. */
const KEPT = 40_000;
/** Lines that are shown of what is no text. */
const DUMPED_LINES = 32;
/** What a byte takes on a line, as numbers and as a character, in characters; and how wide one is, in pixels. */
const BYTE_CHARACTERS = 4;
const CHARACTER_PX = 8.6;

export class TextScreen {
  readonly element: HTMLElement;
  readonly #out: HTMLElement;
  readonly #note = h("span", { class: "note" });
  #decoder = new TextDecoder();
  #text = "";
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
    this.#text = "";
    this.#skipped = 0;
    setText(this.#out, "");
    setText(this.#note, "");
  }

  /** @param skipped Bytes that were left out before these. */
  show(bytes: Uint8Array, skipped: number): void {
    this.#skipped += skipped;
    if (isText(bytes)) this.#text = (this.#text + this.#decoder.decode(bytes, { stream: true })).slice(-KEPT);
    else this.#text = dump(bytes, this.#perLine());
    setText(this.#out, this.#text);
    setText(this.#note, this.#skipped > 0 ? `${bytesText(this.#skipped)} were too fast to show` : "");
    this.#out.scrollTop = this.#out.scrollHeight;
  }

  /** Bytes of a dump: as many as fit. */
  #perLine(): number {
    const fit = this.#out.clientWidth / CHARACTER_PX / BYTE_CHARACTERS;
    return fit >= 17 ? 16 : Math.max(4, Math.floor((fit - 1) / 4) * 4);
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
