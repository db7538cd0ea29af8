/** What arrives at the ends of all pipes, and what guests complain of. */
import type { Frame } from "../protocol.ts";
import { h, setText } from "./dom.ts";
import type { ScreenEnd } from "./model.ts";
import { TextScreen } from "./text-screen.ts";

export class ScreenPanel {
  readonly element: HTMLElement;
  readonly #texts = h("div", { class: "screens" });
  readonly #errors = h("pre", {
    class: "errors",
    attributes: { tabindex: 0, role: "log", "aria-label": "Standard error" },
  });
  readonly #results = h("pre", {
    class: "results",
    attributes: { tabindex: 0, role: "log", "aria-label": "Results of calls" },
  });
  #screens = new Map<number, TextScreen>();

  constructor() {
    this.element = h(
      "section",
      { class: "panel output", attributes: { "aria-label": "Screen" } },
      h("header", {}, h("h2", {}, "Screen")),
      this.#texts,
      this.#results,
      this.#errors,
    );
    this.clear([]);
  }

  /** As before a run. */
  clear(ends: readonly ScreenEnd[]): void {
    this.#screens = new Map(ends.map(({ channel, name }) => [channel, new TextScreen(name, ends.length === 1)]));
    this.#texts.replaceChildren(...[...this.#screens.values()].map(({ element }) => element));
    setText(this.#results, "");
    this.#results.hidden = true;
    setText(this.#errors, "");
    this.#errors.hidden = true;
  }

  show({ shown, complaints }: Frame): void {
    for (const { channel, bytes, skipped } of shown) this.#screens.get(channel)?.show(bytes, skipped);
    for (const { text } of complaints) this.complain(text);
  }

  /** A call, and what it gave. */
  tell(text: string): void {
    this.#results.hidden = false;
    this.#results.append(text);
  }

  /** @param rule Of the contract, if one was broken. */
  complain(text: string, rule?: string): void {
    this.#errors.hidden = false;
    this.#errors.append(text);
    if (rule === undefined) return;
    const link = h("a", { attributes: { href: `docs/contract.html#rule-${rule}` } }, `Rule ${rule} of the contract`);
    this.#errors.append(link, "\n");
  }
}
