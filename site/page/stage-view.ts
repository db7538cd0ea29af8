/** The stage: a lane for each pipe, from its input over its guests to the screen. */
import type { Ending, FileFrame, Frame } from "../protocol.ts";
import { FilesView } from "./files-view.ts";
import { ChannelView } from "./channel-view.ts";
import { byId, h, keepFocus, setText } from "./dom.ts";
import { bytesText, OPEN } from "./format.ts";
import { GuestCard } from "./guest-card.ts";
import { icon } from "./icons.ts";
import type { ChannelKey, Guest, Stage } from "./model.ts";
import type { Wait } from "./waits.ts";
import { Wires } from "./wiring.ts";

export interface StageHandlers {
  onSelect(guest: Guest): void;
  onInput(guest: Guest): void;
  /** What is called of it is to be changed. */
  onCall(guest: Guest): void;
  /** Guests or wires have changed. */
  onChanged(): void;
  onGate(channel: number, position: number): void;
  onDrip(channel: number): void;
  /** The gate of a stream of a file was moved. */
  onFileGate(file: FileFrame, position: number): void;
  onFileDrip(file: FileFrame): void;
}

interface Place {
  readonly key: ChannelKey;
  readonly view: ChannelView;
}

const CALM = matchMedia("(prefers-reduced-motion: reduce)");

export class StageView {
  readonly #root: HTMLElement;
  readonly #stage: Stage;
  readonly #handlers: StageHandlers;
  readonly #wires: Wires;
  readonly #sizes = new ResizeObserver(() => this.#resize());
  #places: readonly Place[] = [];
  #cards = new Map<Guest, GuestCard>();
  #screens = new Map<Guest, HTMLElement>();
  #inputs = new Map<Guest, HTMLElement>();
  readonly #files: FilesView;
  #drawing = 0;
  #drawn = 0;

  constructor(root: HTMLElement, stage: Stage, handlers: StageHandlers) {
    this.#root = root;
    this.#stage = stage;
    this.#handlers = handlers;
    this.#wires = new Wires(root, stage, (from, wire, to) => {
      if (wire === "out") stage.connect(from, to);
      else stage.ask(from, to);
      handlers.onChanged();
      root.querySelector<HTMLElement>(`[data-guest="${from.id}"] .port.${wire}`)?.focus();
    });
    this.#files = new FilesView({
      onGate: (file, position) => {
        handlers.onFileGate(file, position);
        this.#wake();
      },
      onDrip: (file) => handlers.onFileDrip(file),
      onAdded: (view) => this.#sizes.observe(view.canal.canvas),
    });
    root.after(this.#files.element);
    this.#sizes.observe(root);
  }

  /** Lays everything out anew. */
  build(): void {
    this.#cards = new Map();
    this.#screens = new Map();
    this.#inputs = new Map();
    this.#places = this.#stage.channels().map((key, channel) => ({ key, view: this.#channelView(key, channel) }));
    const lanes = this.#stage.lanes().map((lane) => this.#lane(lane));
    keepFocus(
      this.#root,
      () => this.#root.replaceChildren(...lanes),
      () => this.#root.querySelector<HTMLElement>(".guest .name") ?? byId("sample"),
    );
    this.#files.clear([]);
    this.showInputs();
  }

  clear(): void {
    for (const { view } of this.#places) view.clear();
    for (const card of this.#cards.values()) card.clear();
    for (const screen of this.#screens.values()) setText(screen, "");
    this.#files.clear(
      this.#stage.guests.map(({ name }) => name),
      this.#stage.fileGate,
    );
    this.#wake();
  }

  /** @param waits Of each guest; `undefined` if it does not. */
  show({ at, channels, files, guests }: Frame, ended: ReadonlySet<number>, waits: readonly (Wait | undefined)[]): void {
    for (const [index, { key, view }] of this.#places.entries()) {
      const frame = channels[index];
      if (!frame) continue;
      const isLeaving = key.is === "output" && guests[this.#stage.guests.indexOf(key.guest)]?.isLeaving === true;
      view.show(frame, at, isLeaving);
      const screen = key.is === "output" && this.#screens.get(key.guest);
      if (screen) setText(screen, bytesText(frame.passedBytes));
    }
    this.#files.show(files, at);
    for (const [index, guest] of this.#stage.guests.entries()) {
      if (ended.has(index)) continue;
      this.#cards.get(guest)?.run(guests[index]?.calls ?? 0, waits[index], at);
    }
    this.#wake();
  }

  /** No guest has told anything for a while: one of them keeps their thread. */
  compute(ended: ReadonlySet<number>): void {
    for (const [index, guest] of this.#stage.guests.entries()) {
      if (!ended.has(index)) this.#cards.get(guest)?.compute();
    }
  }

  ended(guest: Guest, ending: Ending, at: number): void {
    this.#cards.get(guest)?.end(ending, at);
  }

  /** All guests have ended. */
  rest(): void {
    for (const view of this.#views()) view.rest();
    this.#wake();
  }

  /** How each guest is, in words. */
  summary(): string {
    return [...this.#cards].map(([{ name }, { status }]) => `${name}: ${status}`).join("; ");
  }

  select(guest: Guest | undefined): void {
    for (const [other, { element }] of this.#cards) element.classList.toggle("selected", other === guest);
  }

  /** Something else of a guest is called. */
  showCall(guest: Guest): void {
    this.#cards.get(guest)?.showCall(guest);
  }

  showInputs(): void {
    for (const [{ input }, element] of this.#inputs) {
      const { length } = input.file?.bytes ?? new TextEncoder().encode(input.text);
      const isEmpty = length === 0 && input.mode === "text";
      setText(element, isEmpty ? "empty" : input.mode === "text" ? (input.file?.name ?? bytesText(length)) : "typed");
      // A stream that carries nothing is none to look at.
      element.closest(".lane")?.classList.toggle("dry", isEmpty);
    }
    this.#resize();
  }

  /** Colours have changed. */
  repaint(): void {
    for (const { canal } of this.#views()) canal.repaint();
    this.#wake();
  }

  #lane(lane: readonly Guest[]): HTMLElement {
    const [head] = lane;
    const last = lane.at(-1);
    if (!head || !last) throw new Error("A lane has a guest");
    const asker = this.#stage.askerOf(head);
    if (asker) return this.#askedLane(head, asker);
    const amount = h("span", { class: "amount" });
    const arrived = h("span", { class: "amount" });
    this.#inputs.set(head, amount);
    this.#screens.set(last, arrived);
    return h(
      "div",
      { class: "lane", attributes: { role: "group", "aria-label": lane.map(({ name }) => name).join(", then ") } },
      h(
        "button",
        {
          class: "end spring",
          attributes: { type: "button", title: "What it reads" },
          on: { click: () => this.#handlers.onInput(head) },
        },
        icon("keys"),
        h("span", {}, "input", h("span", { class: "visually-hidden" }, ` of ${head.name}`)),
        amount,
      ),
      this.#viewOf(head, "input"),
      ...lane.flatMap((guest) => [this.#card(guest), this.#viewOf(guest, "output")]),
      h("div", { class: "end screen", attributes: { "data-screen": true } }, icon("screen"), "screen", arrived),
    );
  }

  /** Of a guest that answers another one: from that, and back. */
  #askedLane(guest: Guest, asker: Guest): HTMLElement {
    const end = (text: string): HTMLElement => h("div", { class: "end asker" }, icon("asks"), h("span", {}, text));
    return h(
      "div",
      { class: "lane asked", attributes: { role: "group", "aria-label": `${guest.name}, asked by ${asker.name}` } },
      end(`${asker.name} asks`),
      this.#viewOf(guest, "input"),
      this.#card(guest),
      this.#viewOf(guest, "output"),
      end(`${asker.name} hears`),
    );
  }

  #card(guest: Guest): HTMLElement {
    const asker = this.#stage.askerOf(guest)?.name;
    const card = new GuestCard(guest, asker, this.#stage.guests.length > 1, {
      onSelect: (selected) => this.#handlers.onSelect(selected),
      onCall: (called) => this.#handlers.onCall(called),
      onRemove: (removed) => {
        this.#stage.remove(removed);
        this.#handlers.onChanged();
      },
      onPort: (from, wire, port, event) => this.#wires.begin(from, wire, port, event),
    });
    this.#cards.set(guest, card);
    return card.element;
  }

  #viewOf(guest: Guest, is: ChannelKey["is"]): HTMLElement {
    const place = this.#places.find(({ key }) => key.guest === guest && key.is === is);
    if (!place) throw new Error(`${guest.name} has no ${is}`);
    return place.view.element;
  }

  #channelView({ guest, is }: ChannelKey, channel: number): ChannelView {
    const isInput = is === "input";
    const asker = this.#stage.askerOf(guest)?.name;
    const names = {
      writer: isInput ? (asker ?? "input") : guest.name,
      reader: isInput ? guest.name : (guest.next?.name ?? asker ?? "the screen"),
      // What a guest sends has a writer that waits.
      isInput: isInput && asker === undefined,
    };
    return new ChannelView(names, isInput ? guest.inputGate : guest.gate, {
      onGate: (position) => {
        if (isInput) guest.inputGate = position;
        else guest.gate = position;
        this.#opened(channel, position);
      },
      onDrip: () => this.#handlers.onDrip(channel),
    });
  }

  #opened(channel: number, position: number): void {
    const place = this.#places[channel];
    if (place) place.view.canal.opening = position / OPEN;
    this.#handlers.onGate(channel, position);
    this.#wake();
  }

  #views(): ChannelView[] {
    return [...this.#places.map(({ view }) => view), ...this.#files.views];
  }

  #resize(): void {
    const { classList } = this.#root;
    // Side by side if there is room for that, whatever the size of text is.
    classList.remove("downhill");
    const lanes = [...this.#root.querySelectorAll(".lane")];
    if (lanes.some(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth)) classList.add("downhill");
    for (const { canal } of this.#views()) canal.resize();
    this.#wake();
  }

  /** Draws from now on, until nothing moves. */
  #wake(): void {
    if (this.#drawing !== 0) return;
    this.#drawn = performance.now();
    this.#drawing = requestAnimationFrame((now) => this.#draw(now));
  }

  #draw(now: number): void {
    const ms = Math.min(100, Math.max(0, now - this.#drawn));
    this.#drawn = now;
    this.#drawing = 0;
    let moves = false;
    for (const { canal } of this.#views()) moves = canal.draw(ms, CALM.matches) || moves;
    if (moves) this.#drawing = requestAnimationFrame((next) => this.#draw(next));
  }
}
