/** The end of a pipe that begins and ends in a terminal: xterm.js, with the line discipline of xterm-pty. */
import { Terminal } from "@xterm/xterm";
import { openpty } from "xterm-pty";
import type { TerminalEvent, TerminalPlan } from "../protocol.ts";
import { h } from "./dom.ts";

const COLUMNS = 80;
const ROWS = 18;
const MIN_COLUMNS = 20;
const FONT_PX = 13.5;
/** What is beside its columns: the room around them, and the bar. */
const BESIDE_PX = 40;

/** The same in light and dark, as a text screen's are. */
const THEME = { background: "#0f1a20", foreground: "#d9e8ec", cursor: "#f0a35e" };

export class TerminalScreen {
  readonly #place: HTMLElement;
  readonly #xterm = new Terminal({
    cols: COLUMNS,
    rows: ROWS,
    fontSize: FONT_PX,
    fontFamily: getComputedStyle(document.documentElement).getPropertyValue("--mono"),
    theme: THEME,
    // What a guest colours can be read.
    minimumContrastRatio: 4.5,
  });
  readonly #slave: ReturnType<typeof openpty>["slave"];
  readonly #sizes = new ResizeObserver(() => this.#fit());

  /** @param place What it fills. */
  constructor(name: string, place: HTMLElement, tell: (event: TerminalEvent) => void) {
    this.#place = place;
    const { master, slave } = openpty();
    this.#slave = slave;
    this.#xterm.loadAddon(master);
    slave.onReadable(() => tell({ is: "typed", bytes: slave.read() }));
    slave.onWritable(() => tell({ is: "shown" }));
    slave.onSignal((signal: string) => tell({ is: "signal", name: signal }));
    // Nobody is held here: Tab leaves it, and what runs and stops does so here too. A guest gets a Tab by Ctrl+I.
    this.#xterm.attachCustomKeyEventHandler(
      ({ key, ctrlKey, metaKey }) => key !== "Tab" && !(key === "Enter" && (ctrlKey || metaKey)),
    );
    const screen = h("div", { class: "terminal" });
    place.replaceChildren(h("p", { class: "caption" }, `Terminal of ${name}`), screen);
    this.#xterm.open(screen);
    this.#xterm.textarea?.setAttribute("aria-label", `Terminal of ${name}`);
    this.#fit();
    this.#sizes.observe(place);
  }

  get size(): TerminalPlan {
    return { columns: this.#xterm.cols, rows: this.#xterm.rows };
  }

  focus(): void {
    // What is not in sight it does not draw either, nor does it come into sight by itself.
    this.#place.scrollIntoView({ block: "nearest" });
    this.#xterm.focus();
  }

  /** The pseudo-terminal tells when it is shown. */
  write(bytes: readonly number[]): void {
    this.#slave.write([...bytes]);
  }

  clear(): void {
    this.#xterm.reset();
  }

  dispose(): void {
    this.#sizes.disconnect();
    this.#xterm.dispose();
  }

  /** As many columns as there is room for. */
  #fit(): void {
    const screen = this.#place.querySelector(".xterm-screen");
    if (!screen || screen.clientWidth === 0) return;
    const column = screen.clientWidth / this.#xterm.cols;
    const columns = Math.floor((this.#place.clientWidth - BESIDE_PX) / column);
    this.#xterm.resize(Math.min(COLUMNS, Math.max(MIN_COLUMNS, columns)), ROWS);
  }
}
