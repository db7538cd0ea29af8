/** A guest from within: its world, and what it is given. */
import type { Files } from "../protocol.ts";
import { CallForm } from "./call-form.ts";
import { h, keepFocus, setText } from "./dom.ts";
import { droppedFiles, pickedFiles, type Dropped } from "./dropped.ts";
import { bytesText, countText } from "./format.ts";
import type { Guest } from "./model.ts";
import { RequestForm } from "./request-form.ts";

export interface PanelHandlers {
  /** Something else of it is called. */
  onCall(guest: Guest): void;
  onFilesDropped(files: Promise<readonly Dropped[]>): void;
  onFileRemoved(path: string): void;
}

export class GuestPanel {
  readonly element: HTMLElement;
  readonly #handlers: PanelHandlers;
  readonly #title = h("h2", {}, "Guest");
  readonly #says = h("p", { class: "note" });
  readonly #world = h("div", { class: "world" });
  readonly #env = h("textarea", {
    attributes: { rows: 2, spellcheck: "false", placeholder: "NAME=value", "aria-label": "Environment, a line each" },
  });
  readonly #files = h("ul", { class: "files" });
  readonly #form: CallForm;
  readonly #request: RequestForm;
  #guest: Guest | undefined;
  #addresses: readonly string[] = [];

  constructor(handlers: PanelHandlers) {
    this.#handlers = handlers;
    this.#form = new CallForm((guest) => handlers.onCall(guest));
    this.#request = new RequestForm((guest) => handlers.onCall(guest));
    const pick = (label: string, isFolder: boolean): HTMLInputElement => {
      const input = h("input", {
        class: "visually-hidden",
        attributes: { type: "file", multiple: true, webkitdirectory: isFolder, "aria-label": label },
      });
      input.addEventListener("change", () => {
        // None if the choice was cancelled.
        if (input.files?.length) handlers.onFilesDropped(Promise.resolve(pickedFiles(input.files)));
        input.value = "";
      });
      return input;
    };
    this.#env.addEventListener("input", () => this.#guest && (this.#guest.env = this.#env.value));
    this.element = h(
      "section",
      { class: "panel details", id: "details", attributes: { "aria-label": "Guest" } },
      h("header", {}, this.#title, this.#says),
      this.#request.element,
      this.#form.element,
      h("h3", {}, "World"),
      this.#world,
      h("h3", {}, "Environment"),
      this.#env,
      h(
        "header",
        {},
        h("h3", {}, "Files, of all guests"),
        h(
          "div",
          { class: "row" },
          h("label", { class: "button" }, pick("Files for all guests", false), "Add…"),
          h("label", { class: "button" }, pick("A folder for all guests", true), "Folder…"),
        ),
      ),
      this.#files,
    );
    this.element.addEventListener("dragover", (event) => event.preventDefault());
    this.element.addEventListener("drop", (event) => {
      if ([...(event.dataTransfer?.files ?? [])].some(({ name }) => /\.wasm$/i.test(name))) return;
      event.preventDefault();
      event.stopPropagation();
      handlers.onFilesDropped(droppedFiles(event.dataTransfer));
    });
  }

  /** @param asker Who asks it in the place of the page. */
  show(guest: Guest, asker: Guest | undefined): void {
    this.#guest = guest;
    setText(this.#title, guest.name);
    setText(this.#says, `${guest.origin}, ${bytesText(guest.component.length)}`);
    this.#env.value = guest.env;
    this.#form.show(guest);
    this.#request.show(guest);
    if (asker) this.#request.element.hidden = true;
    this.#world.replaceChildren(...worldOf(guest));
  }

  /** To where it is said what is called, or asked. */
  focusCall(): void {
    // Who is asked by another guest has no form.
    if (!this.#request.element.hidden) this.#request.focus();
    else this.#form.focus();
  }

  showFiles(files: Files): void {
    const entries = Object.entries(files);
    for (const address of this.#addresses) URL.revokeObjectURL(address);
    this.#addresses = entries.map(([, bytes]) => URL.createObjectURL(new Blob([bytes.slice()])));
    const items = entries.map(([path, bytes], index) =>
      h(
        "li",
        {},
        h(
          "a",
          {
            attributes: {
              href: this.#addresses[index],
              download: path.replace(/^.*\//, ""),
              title: "Take it home",
            },
          },
          `/${path}`,
        ),
        h("span", { class: "amount" }, bytesText(bytes.length)),
        h(
          "button",
          {
            attributes: { type: "button", "aria-label": `Remove /${path}` },
            on: { click: () => this.#handlers.onFileRemoved(path) },
          },
          "×",
        ),
      ),
    );
    keepFocus(
      this.#files,
      () => this.#files.replaceChildren(...items),
      () => this.#files.querySelector<HTMLElement>("button") ?? this.element.querySelector("input[type=file]"),
    );
    if (entries.length === 0) this.#files.append(h("li", { class: "note" }, "none"));
  }
}

function worldOf({ inspection, problems }: Guest): HTMLElement[] {
  const told = problems.map((problem) => h("p", { class: "problem" }, problem));
  if (typeof inspection === "string") return told;
  const { missing } = inspection;
  return [
    ...told,
    ...(inspection.kind === "component"
      ? [
          namesOf(
            "import",
            inspection.imports.map(({ name, isProvided }) => ({ name, isProvided })),
          ),
          namesOf(
            "export",
            inspection.exports.map((name) => ({ name, isProvided: true })),
          ),
          h("details", {}, h("summary", {}, "as WIT"), h("pre", { attributes: { tabindex: 0 } }, inspection.wit)),
        ]
      : [
          namesOf(
            "import",
            (inspection.imports ?? []).map(({ module, name }) => ({
              name: `${module}#${name}`,
              isProvided: !missing.includes(`${module}#${name}`),
            })),
          ),
          namesOf(
            "export",
            (inspection.exports ?? []).map(({ name }) => ({ name, isProvided: true })),
          ),
        ]),
  ];
}

function namesOf(
  title: string,
  names: readonly { readonly name: string; readonly isProvided: boolean }[],
): HTMLElement {
  return h(
    "details",
    {},
    h("summary", {}, countText(names.length, title)),
    h(
      "ul",
      { class: "names" },
      ...names.map(({ name, isProvided }) =>
        h("li", { class: isProvided ? "" : "problem" }, isProvided ? name : `${name}: missing`),
      ),
    ),
  );
}
