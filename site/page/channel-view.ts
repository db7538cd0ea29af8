/** One stream on the stage: its picture, its gate, and its numbers. */
import type { ChannelFrame } from "../protocol.ts";
import { Canal, STILL } from "./canal.ts";
import { h, setAttribute, setText } from "./dom.ts";
import { icon, type IconName } from "./icons.ts";
import { bytesText, OPEN, rateOf, rateText } from "./format.ts";

/** What a drip lets through. */
export const DRIP_BYTES = 1024;
/** How fast what is shown follows what is measured. */
const SMOOTHING_MS = 250;

export interface ChannelNames {
  readonly writer: string;
  readonly reader: string;
  readonly isInput: boolean;
}

export interface ChannelHandlers {
  onGate(position: number): void;
  onDrip(): void;
}

/** Such as `12.5 / 64 KiB`. */
function ofText(bytes: number, capacity: number): string {
  const kib = (bytes / 1024).toFixed(1).replace(/\.0$/, "");
  return `${kib} / ${bytesText(capacity)}`;
}

/** Has the gate in the picture follow a mouse or a pen; a finger scrolls there, and has the slider. */
function dragged(canal: Canal, move: (opening: number) => void): void {
  const { canvas } = canal;
  let isDragged = false;
  canvas.addEventListener("pointerdown", (event) => {
    if (event.pointerType === "touch" || canal.openingAt(event.offsetX, event.offsetY, false) === undefined) return;
    isDragged = true;
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointermove", ({ offsetX, offsetY }) => {
    const opening = canal.openingAt(offsetX, offsetY, isDragged);
    canvas.style.cursor = opening === undefined ? "" : "ns-resize";
    if (isDragged && opening !== undefined) move(opening);
  });
  canvas.addEventListener("lostpointercapture", () => (isDragged = false));
}

export class ChannelView {
  readonly element: HTMLElement;
  readonly canal: Canal;
  readonly #names: ChannelNames;
  readonly #slider: HTMLInputElement;
  readonly #rate = h("output", { class: "rate" });
  readonly #level = h("dd");
  readonly #permit = h("dd");
  readonly #passed = h("dd");
  readonly #flow = h("dd");
  readonly #says = h("p", { class: "says" });
  #last: { readonly at: number; readonly written: number; readonly passed: number } | undefined;
  #inRate = 0;
  #outRate = 0;

  constructor(names: ChannelNames, position: number, handlers: ChannelHandlers) {
    this.#names = names;
    const name = `${names.writer} to ${names.reader}`;
    const canvas = h("canvas", { class: "canal", attributes: { "aria-hidden": "true" } });
    this.canal = new Canal(canvas);
    this.#slider = h("input", {
      class: "gate",
      attributes: {
        type: "range",
        min: 0,
        max: OPEN,
        step: 1,
        value: position,
        "aria-label": `Gate from ${name}`,
      },
      on: {
        input: () => {
          this.#showGate();
          handlers.onGate(this.position);
        },
      },
    });
    const button = (picture: IconName, label: string, onClick: () => void): HTMLButtonElement =>
      h(
        "button",
        { attributes: { type: "button", "aria-label": label, title: label }, on: { click: onClick } },
        icon(picture),
      );
    const move = (to: number): void => {
      this.#slider.value = String(to);
      this.#showGate();
      handlers.onGate(this.position);
    };
    dragged(this.canal, (opening) => move(Math.round(opening * OPEN)));
    this.element = h(
      "section",
      { class: "channel", attributes: { "aria-label": `Stream from ${name}` } },
      canvas,
      h(
        "div",
        { class: "controls" },
        button("down", `Close the gate from ${name}`, () => move(0)),
        this.#slider,
        button("up", `Open the gate from ${name}`, () => move(OPEN)),
        button("drop", `Let ${bytesText(DRIP_BYTES)} through the gate from ${name}`, () => handlers.onDrip()),
      ),
      this.#rate,
      h(
        "dl",
        { class: "numbers" },
        h("div", {}, h("dt", {}, names.isInput ? "left" : "level"), this.#level),
        names.isInput ? undefined : h("div", {}, h("dt", {}, "permit"), this.#permit),
        h("div", { class: "passed" }, h("dt", {}, "passed"), this.#passed),
        h("div", {}, h("dt", {}, "flow"), this.#flow),
      ),
      this.#says,
    );
    this.clear();
  }

  get position(): number {
    return Number(this.#slider.value);
  }

  /** As before a run. */
  clear(): void {
    this.#last = undefined;
    this.#inRate = this.#outRate = 0;
    this.canal.state = { ...STILL, opening: this.position / OPEN };
    for (const node of [this.#level, this.#permit, this.#passed, this.#flow]) setText(node, "–");
    setText(this.#says, "");
    this.#become("still", false);
  }

  /**
   * @param at Milliseconds since the run began.
   * @param isLeaving Whether its writer writes no more.
   */
  show(frame: ChannelFrame, at: number, isLeaving: boolean): void {
    this.#measure(frame, at);
    const { bufferedBytes, capacityBytes, permittedBytes, state } = frame;
    const isOver = state === "closed" || state === "failed";
    this.canal.state = {
      level: Math.min(1, bufferedBytes / capacityBytes),
      opening: this.position / OPEN,
      inRate: this.#inRate,
      outRate: this.#outRate,
      isPermitted: permittedBytes > 0,
      isFlushing: state === "flushing",
      isOver,
    };
    setText(this.#level, this.#names.isInput ? bytesText(bufferedBytes) : ofText(bufferedBytes, capacityBytes));
    setText(this.#permit, bytesText(permittedBytes));
    setText(this.#passed, bytesText(frame.passedBytes));
    setText(this.#flow, `${bytesText(this.#outRate < 1 ? 0 : this.#outRate)}/s`);
    const { state: shown, text } =
      isLeaving && frame.bufferedBytes > 0 ? { state: "flush", text: "the last bytes leave" } : this.#sentence(frame);
    setText(this.#says, text);
    this.#become(shown, isOver && bufferedBytes === 0);
  }

  /** Nothing flows any more. */
  rest(): void {
    this.#inRate = this.#outRate = 0;
    this.canal.state = { ...STILL, isPermitted: false, isOver: true, opening: this.position / OPEN };
    setText(this.#flow, "–");
    setText(this.#says, "over");
    this.#become("over", true);
  }

  #measure({ writtenBytes, passedBytes }: ChannelFrame, at: number): void {
    const last = this.#last ?? { at: at - 33, written: 0, passed: 0 };
    const ms = at - last.at;
    if (ms <= 0) return;
    const share = 1 - Math.exp(-ms / SMOOTHING_MS);
    this.#inRate += (((writtenBytes - last.written) * 1000) / ms - this.#inRate) * share;
    this.#outRate += (((passedBytes - last.passed) * 1000) / ms - this.#outRate) * share;
    this.#last = { at, written: writtenBytes, passed: passedBytes };
  }

  /** @param isDone Whether nothing flows any more, so that its gate is of no use. */
  #become(state: string, isDone: boolean): void {
    this.element.dataset["state"] = state;
    this.element.toggleAttribute("data-done", isDone);
    this.#showGate();
  }

  #showGate(): void {
    const text = rateText(rateOf(this.position));
    setAttribute(this.#slider, "aria-valuetext", text);
    setText(this.#rate, `gate ${text}`);
  }

  /** Who waits for whom. */
  #sentence({ state, writerWaits, readerWaits, bufferedBytes, passedBytes }: ChannelFrame): {
    state: string;
    text: string;
  } {
    const { writer, reader, isInput } = this.#names;
    if (state === "failed") return { state: "over", text: "failed" };
    if (state === "flushing") {
      return { state: "flush", text: writerWaits ? `${writer} waits for its flush` : "flush in flight" };
    }
    if (writerWaits) return { state: "full", text: `${writer} waits: no permit` };
    if (readerWaits) return { state: "empty", text: `${reader} waits for bytes` };
    if (state === "closed") return { state: "over", text: isInput ? "at its end" : "closed" };
    if (bufferedBytes > 0) return { state: "flows", text: `${reader} is slower` };
    return { state: "flows", text: passedBytes > 0 ? "flows" : "dry" };
  }
}
