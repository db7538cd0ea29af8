/** All calls of a run over time: a row for each guest, a colour for each kind; and some of them in words. */
import { CALL_KINDS, type Call, type CallCount, type CallKind, type Frame } from "../protocol.ts";
import type { Wait } from "./waits.ts";
import { h, setText } from "./dom.ts";
import { countText, timeText } from "./format.ts";

/** Columns before two become one. */
const MAX_BINS = 600;
/** The finest, in milliseconds. */
const FINEST_MS = 0.1;
const ROW_PX = 52;
/** Where the times are written. */
const TICKS_PX = 16;
/** What is at least between two of them. */
const TICK_GAP_PX = 110;
/** Calls in words that are kept: the first, and the last. */
const FIRST_WORDS = 200;
const LAST_WORDS = 100;

const WORDS: Readonly<Record<CallKind, string>> = {
  read: "reads",
  write: "writes",
  permit: "permits asked",
  flush: "flushes",
  wait: "polls",
  files: "files",
  other: "other",
};

/** How often each kind was called in one span of time, and whether the guest waited then. */
interface Bin extends Partial<Record<CallKind, number>> {
  waits?: Wait["is"];
}

const WAITS: Readonly<Record<Wait["is"], string>> = {
  full: "waits for room",
  empty: "waits for bytes",
  leaving: "done, and delivers",
};

export class Timeline {
  readonly element: HTMLElement;
  readonly #canvas = h("canvas", { attributes: { "aria-hidden": "true" } });
  readonly #span = h("p", { class: "note" });
  readonly #legend = h("ul", { class: "legend" });
  readonly #words = h("ol", { class: "calls-list", attributes: { tabindex: 0, "aria-label": "Calls" } });
  readonly #counts = new Map<CallKind, HTMLElement>();
  #names: readonly string[] = [];
  #rows: Bin[][] = [];
  /** As of the last frame. */
  #waits: readonly (Wait | undefined)[] = [];
  #totals: Record<CallKind, number> = zeroes();
  #binMs = FINEST_MS;
  #at = 0;
  #first: Call[] = [];
  #last: Call[] = [];
  #colours: Colours | undefined;
  #isDue = false;

  constructor() {
    for (const kind of CALL_KINDS) {
      const count = h("span", { class: "amount" });
      this.#counts.set(kind, count);
      this.#legend.append(
        h(
          "li",
          {},
          h("span", { class: `swatch ${kind}`, attributes: { "aria-hidden": "true" } }),
          WORDS[kind],
          " ",
          count,
        ),
      );
    }
    for (const [is, words] of Object.entries(WAITS)) {
      this.#legend.append(
        h("li", {}, h("span", { class: `swatch band ${is}`, attributes: { "aria-hidden": "true" } }), words),
      );
    }
    this.element = h(
      "section",
      { class: "panel timeline", attributes: { "aria-label": "Time-line of calls" } },
      h("header", {}, h("h2", {}, "Time-line of calls"), this.#span),
      this.#canvas,
      this.#legend,
      h("details", {}, h("summary", {}, "in words"), this.#words),
    );
    this.#words.closest("details")?.addEventListener("toggle", () => this.#later());
    new ResizeObserver(() => this.#later()).observe(this.#canvas);
  }

  clear(names: readonly string[]): void {
    this.#names = names;
    this.#rows = names.map(() => []);
    this.#totals = zeroes();
    this.#waits = [];
    this.#binMs = FINEST_MS;
    this.#at = 0;
    this.#first = [];
    this.#last = [];
    this.#canvas.style.height = `${Math.max(1, names.length) * ROW_PX + TICKS_PX}px`;
    this.#later();
  }

  /** @param waits Of each guest, since the last frame. */
  show({ at, counts, calls }: Frame, waits: readonly (Wait | undefined)[]): void {
    const before = this.#at;
    this.#at = at;
    while (at / this.#binMs > MAX_BINS) this.#coarsen();
    for (const [guest, wait] of waits.entries()) {
      const called = counts.filter((count) => count.guest === guest).map((count) => count.at);
      // What it waited for has come with its first call since, and it has waited again since its last.
      const waited = this.#waits[guest];
      if (waited) this.#wait(guest, waited.is, before, Math.min(at, ...called));
      if (wait) this.#wait(guest, wait.is, Math.max(before, ...called), at);
    }
    this.#waits = waits;
    for (const count of counts) this.#add(count);
    for (const call of calls) {
      if (this.#first.length < FIRST_WORDS) this.#first.push(call);
      else this.#last.push(call);
    }
    this.#last.splice(0, this.#last.length - LAST_WORDS);
    this.#later();
  }

  /** Colours have changed. */
  repaint(): void {
    this.#colours = undefined;
    this.#later();
  }

  #add({ guest, kind, at, count }: CallCount): void {
    const row = this.#rows[guest];
    if (!row) return;
    const bin = (row[Math.floor(at / this.#binMs)] ??= {});
    bin[kind] = (bin[kind] ?? 0) + count;
    this.#totals[kind] += count;
  }

  #wait(guest: number, is: Wait["is"], from: number, to: number): void {
    const row = this.#rows[guest];
    if (!row) return;
    for (let bin = Math.ceil(from / this.#binMs); bin < to / this.#binMs; bin++) (row[bin] ??= {}).waits = is;
  }

  /** Two columns become one. */
  #coarsen(): void {
    this.#binMs *= 2;
    this.#rows = this.#rows.map((row) => {
      const coarse: Bin[] = [];
      for (const [index, bin] of row.entries()) {
        // Times at which nothing was called have none.
        if (bin === undefined) continue;
        const into = (coarse[index >> 1] ??= {});
        if (bin.waits !== undefined) into.waits = bin.waits;
        for (const kind of CALL_KINDS) if (bin[kind] !== undefined) into[kind] = (into[kind] ?? 0) + bin[kind];
      }
      return coarse;
    });
  }

  #later(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    requestAnimationFrame(() => {
      this.#isDue = false;
      this.#paint();
      this.#write();
    });
  }

  #paint(): void {
    const { clientWidth: width, clientHeight: height } = this.#canvas;
    const context = this.#canvas.getContext("2d");
    if (!context || width === 0) return;
    const scale = Math.min(devicePixelRatio, 2);
    this.#canvas.width = Math.round(width * scale);
    this.#canvas.height = Math.round(height * scale);
    context.setTransform(scale, 0, 0, scale, 0, 0);
    const colours = (this.#colours ??= coloursOf(this.#canvas));
    const bins = Math.max(1, Math.ceil(this.#at / this.#binMs));
    const step = width / bins;
    paintTicks(context, colours.other, width, this.#rows.length * ROW_PX, width / (bins * this.#binMs), this.#at);
    for (const [index, row] of this.#rows.entries()) {
      const floor = (index + 1) * ROW_PX - 8;
      for (const [at, bin] of row.entries()) {
        if (bin === undefined) continue;
        if (bin.waits !== undefined) {
          context.fillStyle = colours[bin.waits];
          context.fillRect(at * step, floor + 1, step + 0.5, 4);
        }
        paintBin(context, colours, bin, at * step, Math.max(1.5, step - 0.5), floor);
      }
      context.fillStyle = colours.other;
      context.globalAlpha = 0.4;
      context.fillRect(0, floor, width, 1);
      context.globalAlpha = 1;
      context.fillStyle = getComputedStyle(this.#canvas).color;
      context.font = "600 12px system-ui, sans-serif";
      context.fillText(this.#names[index] ?? "", 4, floor - ROW_PX + 18);
    }
  }

  #write(): void {
    setText(this.#span, this.#at > 0 ? timeText(this.#at) : "");
    for (const [kind, element] of this.#counts) setText(element, this.#totals[kind].toLocaleString("en"));
    if (!this.#words.closest("details")?.open) return;
    const left = Object.values(this.#totals).reduce((sum, count) => sum + count, 0);
    const told = this.#first.length + this.#last.length;
    const line = ({ guest, at, text }: Call): HTMLElement =>
      h("li", {}, h("time", {}, `${at.toFixed(1)} ms`), h("b", {}, this.#names[guest] ?? ""), h("code", {}, text));
    this.#words.replaceChildren(
      ...this.#first.map(line),
      ...(left > told ? [h("li", { class: "note" }, `… ${countText(left - told, "call")} more`)] : []),
      ...this.#last.map(line),
    );
  }
}

/** Times at round numbers. */
function paintTicks(
  context: CanvasRenderingContext2D,
  colour: string,
  width: number,
  height: number,
  pixelsPerMs: number,
  at: number,
): void {
  if (at === 0) return;
  const least = TICK_GAP_PX / pixelsPerMs;
  const power = 10 ** Math.floor(Math.log10(least));
  const gap = [1, 2, 5, 10].map((factor) => factor * power).find((ms) => ms >= least) ?? least;
  context.fillStyle = colour;
  context.font = "11px system-ui, sans-serif";
  for (let ms = gap; ms * pixelsPerMs < width - 20; ms += gap) {
    const x = Math.round(ms * pixelsPerMs);
    context.globalAlpha = 0.25;
    context.fillRect(x, 0, 1, height);
    context.globalAlpha = 1;
    context.fillText(timeText(ms), x + 3, height + 11);
  }
}

/** As high as the logarithm of how many calls there were, so that one can be seen beside a thousand. */
function paintBin(
  context: CanvasRenderingContext2D,
  colours: Colours,
  bin: Bin,
  x: number,
  width: number,
  floor: number,
): void {
  const total = CALL_KINDS.reduce((sum, kind) => sum + (bin[kind] ?? 0), 0);
  if (total === 0) return;
  const height = Math.min(1, Math.log2(total + 1) / 12) * (ROW_PX - 20) + 4;
  let y = floor;
  for (const kind of CALL_KINDS) {
    const part = ((bin[kind] ?? 0) / total) * height;
    if (part === 0) continue;
    context.fillStyle = colours[kind];
    context.fillRect(x, y - part, width, part);
    y -= part;
  }
}

function zeroes(): Record<CallKind, number> {
  return { read: 0, write: 0, permit: 0, flush: 0, wait: 0, files: 0, other: 0 };
}

type Colours = Readonly<Record<CallKind | Wait["is"], string>>;

function coloursOf(element: Element): Colours {
  const style = getComputedStyle(element);
  const colour = (kind: CallKind | Wait["is"]): string => style.getPropertyValue(`--kind-${kind}`).trim();
  return {
    read: colour("read"),
    write: colour("write"),
    permit: colour("permit"),
    flush: colour("flush"),
    wait: colour("wait"),
    files: colour("files"),
    other: colour("other"),
    full: colour("full"),
    empty: colour("empty"),
    leaving: colour("leaving"),
  };
}
