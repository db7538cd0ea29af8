/** The streams of files, below the pipes: each from its first byte on. */
import type { FileFrame } from "../protocol.ts";
import { ChannelView } from "./channel-view.ts";
import { h, setText } from "./dom.ts";
import { countText, OPEN } from "./format.ts";

/** More nobody would look at. */
const MAX_SHOWN = 6;

export interface FilesHandlers {
  onGate(file: FileFrame, position: number): void;
  onDrip(file: FileFrame): void;
  onAdded(view: ChannelView): void;
}

export class FilesView {
  readonly element: HTMLElement;
  readonly #handlers: FilesHandlers;
  readonly #list = h("div", { class: "file-streams" });
  readonly #more = h("p", { class: "note" });
  readonly #views = new Map<string, ChannelView>();
  #names: readonly string[] = [];
  #gate = OPEN;

  constructor(handlers: FilesHandlers) {
    this.#handlers = handlers;
    this.element = h(
      "section",
      { class: "file-part", attributes: { "aria-label": "Streams of files" } },
      h("h2", {}, "Files"),
      this.#list,
      this.#more,
    );
    this.clear([]);
  }

  get views(): readonly ChannelView[] {
    return [...this.#views.values()];
  }

  /** @param names Of guests. @param gate Where the gates of files are at first. */
  clear(names: readonly string[], gate: number = OPEN): void {
    this.#names = names;
    this.#gate = gate;
    this.#views.clear();
    this.#list.replaceChildren();
    setText(this.#more, "");
    this.element.hidden = true;
  }

  /** @param at Milliseconds since the run began. */
  show(files: readonly FileFrame[], at: number): void {
    for (const file of files.slice(0, MAX_SHOWN)) this.#viewOf(file).show(file, at, false);
    const hidden = files.length - MAX_SHOWN;
    setText(this.#more, hidden > 0 ? `and ${countText(hidden, "stream")} more` : "");
    this.element.hidden = files.length === 0;
  }

  #viewOf(file: FileFrame): ChannelView {
    const key = `${file.guest} ${file.index}`;
    const known = this.#views.get(key);
    if (known) return known;
    const name = this.#names[file.guest] ?? "";
    const [writer, reader] = file.isWritten ? [name, file.path] : [file.path, name];
    const view = new ChannelView({ writer, reader, isInput: !file.isWritten }, this.#gate, {
      onGate: (position) => {
        view.canal.opening = position / OPEN;
        this.#handlers.onGate(file, position);
      },
      onDrip: () => this.#handlers.onDrip(file),
    });
    this.#views.set(key, view);
    this.#list.append(h("div", { class: "file-stream" }, h("h3", {}, `${writer} → ${reader}`), view.element));
    this.#handlers.onAdded(view);
    return view;
  }
}
