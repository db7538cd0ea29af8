/** The search in the documentation: all sections are in one file, which is loaded when somebody searches. */
import { byId, h, setText } from "./dom.ts";
import { excerptOf, searched, wordsIn, type Section } from "./searching.ts";

/** More nobody reads through. */
const MAX_FOUND = 12;

/** The field, and what is found by it. */
export class Search {
  readonly #field = h("input", {
    attributes: {
      type: "search",
      "aria-label": "Search the documents",
      placeholder: "Search ( / )",
      autocomplete: "off",
    },
  });
  readonly #found = h("ul", { class: "found" });
  readonly #status = h("p", { class: "note", attributes: { role: "status" } });
  #sections: Promise<readonly Section[]> | undefined;

  constructor() {
    this.#field.addEventListener("input", () => void this.#search());
    this.#field.addEventListener("keydown", ({ key }) => {
      if (key === "Enter") this.#found.querySelector("a")?.click();
      if (key !== "Escape") return;
      this.#field.value = "";
      void this.#search();
    });
    addEventListener("keydown", (event) => {
      // As on many pages; but where a slash is typed it is one.
      if (event.key !== "/" || event.target instanceof HTMLInputElement) return;
      event.preventDefault();
      this.#field.focus();
    });
    byId("search").append(this.#field, this.#status, this.#found);
  }

  async #search(): Promise<void> {
    const { value } = this.#field;
    const words = wordsIn(value);
    if (words.length === 0) {
      this.#found.replaceChildren();
      setText(this.#status, "");
      return;
    }
    try {
      const found = searched(await (this.#sections ??= load()), words);
      // Something else may have been typed meanwhile.
      if (this.#field.value !== value) return;
      this.#found.replaceChildren(...found.slice(0, MAX_FOUND).map((section) => itemOf(section, words)));
      setText(this.#status, found.length === 0 ? "nothing found" : `${found.length} found`);
    } catch (error) {
      this.#sections = undefined;
      setText(this.#status, `The documents cannot be loaded: ${String(error)}`);
    }
  }
}

async function load(): Promise<readonly Section[]> {
  const response = await fetch(new URL("sections.json", document.baseURI));
  if (!response.ok) throw new Error(`${response.status} ${response.statusText}`);
  // Written by site/docs.js.
  return (await response.json()) as readonly Section[];
}

function itemOf({ at, document, heading, text }: Section, words: readonly string[]): HTMLElement {
  return h(
    "li",
    {},
    h("a", { attributes: { href: at } }, heading === document ? heading : `${document}: ${heading}`),
    h(
      "p",
      { class: "note" },
      ...excerptOf(text, words).map((piece, index) => (index % 2 === 1 ? h("mark", {}, piece) : piece)),
    ),
  );
}
