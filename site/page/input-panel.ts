/** What the first guest of a pipe reads: text, a file, or what is typed while it runs, by lines or in a terminal. */
import { h, setText } from "./dom.ts";
import { read } from "./dropped.ts";
import { bytesText } from "./format.ts";
import type { Guest, InputMode } from "./model.ts";

export interface InputHandlers {
  onChanged(): void;
  /** A line was typed for a live input; or its end, if that is `undefined`. */
  onLine(guest: Guest, line: string | undefined): void;
  /** What was dropped or picked cannot be read. */
  onNotOpened(error: unknown): void;
}

const MODES: Readonly<Record<InputMode, string>> = {
  text: "What is here",
  lines: "Lines, typed while it runs",
  terminal: "A terminal: edit lines, Ctrl-C, colours",
};

export class InputPanel {
  readonly element: HTMLElement;
  readonly #handlers: InputHandlers;
  readonly #title = h("h2", {}, "Input");
  readonly #text = h("textarea", {
    attributes: {
      id: "input-text",
      rows: 6,
      spellcheck: "false",
      placeholder: "Type or paste, or drop a file",
      "aria-label": "Input as text",
    },
  });
  readonly #file = h("p", { class: "file" });
  readonly #modes = new Map<InputMode, HTMLInputElement>();
  readonly #there: HTMLElement;
  readonly #keys = h(
    "p",
    { class: "note" },
    "Type in the terminal. Ctrl+D ends the input, Ctrl+C the guests. Tab leaves the terminal; Ctrl+I types a tab.",
  );
  readonly #line = h("input", {
    attributes: {
      type: "text",
      placeholder: "a line, and Enter",
      "aria-label": "A line of input",
      autocomplete: "off",
    },
  });
  readonly #form = h(
    "form",
    { class: "row live" },
    this.#line,
    h("button", { attributes: { type: "submit" } }, "Send"),
  );
  #guest: Guest | undefined;

  constructor(handlers: InputHandlers) {
    this.#handlers = handlers;
    const pick = h("input", {
      class: "visually-hidden",
      attributes: { type: "file", "aria-label": "A file as input" },
    });
    pick.addEventListener("change", () => {
      const [file] = pick.files ?? [];
      if (file) void this.drop(file);
      pick.value = "";
    });
    const end = h("button", { attributes: { type: "button", title: "Nothing more comes" } }, "End");
    end.addEventListener("click", () => this.#guest && handlers.onLine(this.#guest, undefined));
    this.#form.append(end);
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (this.#guest) handlers.onLine(this.#guest, this.#line.value);
      this.#line.value = "";
    });
    this.#text.addEventListener("input", () => this.#change({ text: this.#text.value, file: undefined }));
    this.#there = h(
      "div",
      { class: "there" },
      this.#text,
      h("div", { class: "row spread" }, this.#file, h("label", { class: "button" }, pick, "File…")),
    );
    this.element = h(
      "section",
      { class: "panel input", id: "input", attributes: { "aria-label": "Input" } },
      h("header", {}, this.#title),
      h(
        "fieldset",
        { class: "modes" },
        h("legend", { class: "visually-hidden" }, "Where the input comes from"),
        ...Object.entries(MODES).map(([mode, text]) => this.#choice(mode as InputMode, text)),
      ),
      this.#there,
      this.#keys,
      this.#form,
    );
    this.element.addEventListener("dragover", (event) => event.preventDefault());
    this.element.addEventListener("drop", (event) => {
      const [file] = event.dataTransfer?.files ?? [];
      if (!file) return;
      event.preventDefault();
      event.stopPropagation();
      void this.drop(file);
    });
  }

  show(guest: Guest): void {
    this.#guest = guest;
    const { text, file, mode } = guest.input;
    setText(this.#title, `Input of ${guest.name}`);
    this.#text.value = file ? "" : text;
    setText(this.#file, file ? `${file.name}, ${bytesText(file.bytes.length)}` : "");
    const chosen = this.#modes.get(mode);
    if (chosen) chosen.checked = true;
    this.#there.hidden = mode === "terminal";
    this.#keys.hidden = mode !== "terminal";
    this.#form.hidden = mode !== "lines";
  }

  /** Whether what it shows is lines that can be typed while it runs. */
  get isLive(): boolean {
    return !this.#form.hidden;
  }

  focus(): void {
    if (this.isLive) this.#line.focus();
    else if (this.#there.hidden) this.#modes.get("terminal")?.focus();
    else this.#text.focus();
  }

  #choice(mode: InputMode, text: string): HTMLElement {
    const input = h("input", { attributes: { type: "radio", name: "input-mode", value: mode } });
    input.addEventListener("change", () => this.#change({ mode }));
    this.#modes.set(mode, input);
    return h("label", { class: "check" }, input, text);
  }

  async drop(file: File): Promise<void> {
    try {
      const { path, bytes } = await read({ path: file.name, file });
      this.#change({ file: { name: path, bytes } });
    } catch (error) {
      this.#handlers.onNotOpened(error);
    }
  }

  #change(change: Partial<Guest["input"]>): void {
    if (!this.#guest) return;
    Object.assign(this.#guest.input, change);
    const isTyping = document.activeElement === this.#text;
    if (!isTyping) this.show(this.#guest);
    else setText(this.#file, "");
    this.#handlers.onChanged();
  }
}
