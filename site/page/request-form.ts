/** A form for the request that a guest is to answer. */
import { h } from "./dom.ts";
import type { Asked, Guest } from "./model.ts";

const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"] as const;

export class RequestForm {
  readonly element: HTMLElement;
  readonly #method = h(
    "select",
    { attributes: { "aria-label": "Method" } },
    ...METHODS.map((method) => h("option", { attributes: { value: method } }, method)),
  );
  readonly #path = h("input", {
    attributes: { type: "text", "aria-label": "Path", autocapitalize: "off", spellcheck: "false" },
  });
  readonly #headers = h("textarea", {
    attributes: { rows: 2, spellcheck: "false", placeholder: "name: value", "aria-label": "Headers, a line each" },
  });
  readonly #note = h("p", { class: "note" });
  #guest: Guest | undefined;

  /** @param onChanged It is asked for something else. */
  constructor(onChanged: (guest: Guest) => void) {
    const change = (changed: Partial<Asked>): void => {
      const guest = this.#guest;
      if (!guest?.asked) return;
      guest.asked = { ...guest.asked, ...changed };
      this.#say(guest.asked);
      onChanged(guest);
    };
    this.#method.addEventListener("change", () => change({ method: this.#method.value }));
    this.#path.addEventListener("input", () => change({ path: this.#path.value }));
    this.#headers.addEventListener("input", () => change({ headers: this.#headers.value }));
    this.element = h(
      "div",
      { class: "call-form" },
      h("h3", {}, "Request"),
      h("div", { class: "row" }, this.#method, this.#path),
      this.#headers,
      this.#note,
    );
  }

  show(guest: Guest): void {
    this.#guest = guest;
    const { asked } = guest;
    this.element.hidden = asked === undefined;
    if (!asked) return;
    this.#method.value = asked.method;
    this.#path.value = asked.path;
    this.#headers.value = asked.headers;
    this.#say(asked);
  }

  focus(): void {
    this.#path.focus();
  }

  #say({ method }: Asked): void {
    const hasBody = method !== "GET" && method !== "HEAD";
    this.#note.textContent = hasBody ? "The input is its body." : `${method} has no body: the input stays where it is.`;
  }
}
