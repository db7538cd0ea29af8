/** What arrives at the ends of all pipes, and what guests complain of. */
import type { Frame, TerminalEvent, TerminalPlan } from "../protocol.ts";
import { h, setText } from "./dom.ts";
import type { ScreenEnd } from "./model.ts";
import type { TerminalScreen } from "./terminal-screen.ts";
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
  readonly #onTerminal: (terminal: number, event: TerminalEvent) => void;
  #screens = new Map<number, TextScreen>();
  #terminals: readonly Promise<TerminalScreen>[] = [];

  /** @param onTerminal Something was typed in a terminal, or is shown there. */
  constructor(onTerminal: (terminal: number, event: TerminalEvent) => void) {
    this.#onTerminal = onTerminal;
    this.element = h(
      "section",
      { class: "panel output", attributes: { "aria-label": "Screen" } },
      h("header", {}, h("h2", {}, "Screen")),
      this.#texts,
      this.#results,
      this.#errors,
    );
    this.clear();
  }

  /** For pipes that end so. */
  build(ends: readonly ScreenEnd[]): void {
    this.#screens = new Map();
    for (const terminal of this.#terminals) void terminal.then((one) => one.dispose());
    const terminals: Promise<TerminalScreen>[] = [];
    this.#texts.replaceChildren(
      ...ends.map(({ channel, name, terminal }) => {
        if (terminal === undefined) {
          const screen = new TextScreen(name, ends.length === 1);
          this.#screens.set(channel, screen);
          return screen.element;
        }
        const place = h("div", { class: "screen-of" });
        terminals.push(this.#terminal(terminal, name, place));
        return place;
      }),
    );
    this.#terminals = terminals;
    this.clear();
  }

  /** The terminals, as soon as they are there: they are loaded when there is one. */
  async terminals(): Promise<readonly TerminalPlan[]> {
    return (await Promise.all(this.#terminals)).map(({ size }) => size);
  }

  async #terminal(terminal: number, name: string, place: HTMLElement): Promise<TerminalScreen> {
    const { TerminalScreen } = await import("./terminal-screen.ts");
    return new TerminalScreen(name, place, (event) => this.#onTerminal(terminal, event));
  }

  /** A run begins: whoever can type does so here. */
  focus(): void {
    void this.#terminals[0]?.then((terminal) => terminal.focus());
  }

  async showInTerminal(terminal: number, bytes: readonly number[]): Promise<void> {
    (await this.#terminals[terminal])?.write(bytes);
  }

  /** As before a run. */
  clear(): void {
    for (const screen of this.#screens.values()) screen.clear();
    for (const terminal of this.#terminals) void terminal.then((one) => one.clear());
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
