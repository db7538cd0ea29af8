/** A guest from within: its world, and what it is given. */
import type { Files } from "../protocol.ts";
import { h, setText } from "./dom.ts";
import { bytesText, countText } from "./format.ts";
import type { Guest, Inspection } from "./model.ts";

export interface PanelHandlers {
  onFilesDropped(files: Iterable<File>): void;
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
  #guest: Guest | undefined;
  #addresses: readonly string[] = [];

  constructor(handlers: PanelHandlers) {
    this.#handlers = handlers;
    const pick = h("input", {
      class: "visually-hidden",
      attributes: { type: "file", multiple: true, "aria-label": "Files for all guests" },
    });
    pick.addEventListener("change", () => {
      handlers.onFilesDropped([...(pick.files ?? [])]);
      pick.value = "";
    });
    this.#env.addEventListener("input", () => this.#guest && (this.#guest.env = this.#env.value));
    this.element = h(
      "section",
      { class: "panel details", id: "details", attributes: { "aria-label": "Guest" } },
      h("header", {}, this.#title, this.#says),
      h("h3", {}, "World"),
      this.#world,
      h("h3", {}, "Environment"),
      this.#env,
      h("header", {}, h("h3", {}, "Files, of all guests"), h("label", { class: "button" }, pick, "Add…")),
      this.#files,
    );
    this.element.addEventListener("dragover", (event) => event.preventDefault());
    this.element.addEventListener("drop", (event) => {
      const files = [...(event.dataTransfer?.files ?? [])].filter(({ name }) => !name.endsWith(".wasm"));
      if (files.length === 0) return;
      event.preventDefault();
      event.stopPropagation();
      handlers.onFilesDropped(files);
    });
  }

  show(guest: Guest): void {
    this.#guest = guest;
    setText(this.#title, guest.name);
    setText(this.#says, `${guest.origin}, ${bytesText(guest.component.length)}`);
    this.#env.value = guest.env;
    this.#world.replaceChildren(...worldOf(guest.inspection));
  }

  showFiles(files: Files): void {
    const entries = Object.entries(files);
    for (const address of this.#addresses) URL.revokeObjectURL(address);
    this.#addresses = entries.map(([, bytes]) => URL.createObjectURL(new Blob([bytes.slice()])));
    this.#files.replaceChildren(
      ...entries.map(([path, bytes], index) =>
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
      ),
    );
    if (entries.length === 0) this.#files.append(h("li", { class: "note" }, "none"));
  }
}

function worldOf(inspection: Inspection | string): HTMLElement[] {
  if (typeof inspection === "string") return [h("p", { class: "problem" }, inspection)];
  const { missing } = inspection;
  const problems = [
    missing.length > 0 && `Nobody here provides ${missing.join(", ")}`,
    inspection.kind === "component" && inspection.unsupported,
    !inspection.isCommand && "It is no command: it exports neither wasi:cli/run nor _start",
  ].filter((problem) => typeof problem === "string");
  return [
    ...problems.map((problem) => h("p", { class: "problem" }, problem)),
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
