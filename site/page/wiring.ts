/** Outputs are wired to inputs, and requests to who answers: dragged, or pressed and chosen with the keyboard. */
import { announce, h } from "./dom.ts";
import type { Guest, Stage } from "./model.ts";

/** How far a press may move and still be no drag. */
const SLOP_PX = 6;

/** What is wired: where an output goes, or who is asked. */
export type Wire = "out" | "asks";

interface Wiring {
  readonly from: Guest;
  readonly wire: Wire;
  readonly port: HTMLElement;
  readonly targets: readonly HTMLElement[];
}

export class Wires {
  readonly #root: HTMLElement;
  readonly #stage: Stage;
  readonly #onWired: (from: Guest, wire: Wire, to: Guest | undefined) => void;
  readonly #line = document.createElementNS("http://www.w3.org/2000/svg", "path");
  readonly #overlay = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  #wiring: Wiring | undefined;

  /** @param root Holds elements with `data-guest` or `data-screen`, where wires may end. */
  constructor(root: HTMLElement, stage: Stage, onWired: (from: Guest, wire: Wire, to: Guest | undefined) => void) {
    this.#root = root;
    this.#stage = stage;
    this.#onWired = onWired;
    this.#overlay.classList.add("wires");
    this.#overlay.setAttribute("aria-hidden", "true");
    this.#overlay.append(this.#line);
    document.body.append(this.#overlay);
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && this.#wiring) this.#cancel();
    });
  }

  /** A port is pressed: with a pointer, or with the keyboard. */
  begin(from: Guest, wire: Wire, port: HTMLElement, event: PointerEvent | undefined): void {
    const again = this.#wiring?.port === port;
    this.#cancel();
    if (again) return;
    this.#wiring = { from, wire, port, targets: this.#offer(from, wire) };
    port.setAttribute("aria-pressed", "true");
    if (event) this.#drag(port, event);
    else {
      announce(
        `Choose where ${wire === "out" ? "the output" : "what is asked"} of ${from.name} goes: Tab or arrow keys, then Enter. Escape leaves it as it is.`,
      );
      this.#wiring.targets[0]?.focus();
    }
  }

  /** Puts a button over each place where the wire may end. */
  #offer(from: Guest, wire: Wire): HTMLElement[] {
    const targets: HTMLElement[] = [];
    for (const place of this.#root.querySelectorAll<HTMLElement>("[data-guest], [data-screen]")) {
      const to = this.#guestAt(place);
      const text = this.#textOf(place, from, wire, to);
      if (text === undefined) continue;
      const isNow = to === (wire === "out" ? from.next : (from.server ?? from));
      const button = h(
        "button",
        {
          class: "target",
          attributes: { type: "button", "aria-label": `Wire ${from.name}: ${text}${isNow ? ", as it is" : ""}` },
          on: { click: () => this.#end(to), keydown: (event) => this.#move(event) },
        },
        text,
      );
      place.append(button);
      targets.push(button);
    }
    return targets;
  }

  /** What it is to wire to this place; nothing if that cannot be. Over a guest itself its requests go back to the page. */
  #textOf(place: HTMLElement, from: Guest, wire: Wire, to: Guest | undefined): string | undefined {
    if (wire === "asks") {
      if (to === from) return "ask the page";
      return to && this.#stage.canAsk(from, to) ? `ask ${to.name}` : undefined;
    }
    if (to) return this.#stage.canConnect(from, to) ? `into ${to.name}` : undefined;
    return this.#isInLane(place, from) ? "to the screen" : undefined;
  }

  #isInLane(place: HTMLElement, guest: Guest): boolean {
    return place.closest(".lane")?.querySelector(`[data-guest="${guest.id}"]`) !== null;
  }

  #guestAt(place: HTMLElement): Guest | undefined {
    return this.#stage.guests.find(({ id }) => String(id) === place.dataset["guest"]);
  }

  #move(event: KeyboardEvent): void {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    const { targets } = this.#wiring ?? {};
    if (step === undefined || !targets) return;
    event.preventDefault();
    const at = targets.findIndex((target) => target === event.target);
    targets[(at + step + targets.length) % targets.length]?.focus();
  }

  /** Follows the pointer until it is let go: over a target, or nowhere. */
  #drag(port: HTMLElement, down: PointerEvent): void {
    down.preventDefault();
    port.setPointerCapture(down.pointerId);
    const box = port.getBoundingClientRect();
    const start = { x: box.x + box.width / 2, y: box.y + box.height / 2 };
    let isDrag = false;
    const move = ({ clientX, clientY }: PointerEvent): void => {
      isDrag ||= Math.hypot(clientX - down.clientX, clientY - down.clientY) > SLOP_PX;
      if (!isDrag) return;
      const bend = Math.max(40, Math.abs(clientX - start.x) / 2);
      const path = `M ${start.x} ${start.y} C ${start.x + bend} ${start.y} ${clientX - bend} ${clientY} ${clientX} ${clientY}`;
      this.#line.setAttribute("d", path);
    };
    const up = ({ clientX, clientY, type }: PointerEvent): void => {
      port.removeEventListener("pointermove", move);
      port.removeEventListener("pointerup", up);
      port.removeEventListener("pointercancel", up);
      this.#line.removeAttribute("d");
      if (!isDrag && type === "pointerup") {
        // A press that did not move: now one of the targets is to be pressed.
        this.#wiring?.targets[0]?.focus();
        return;
      }
      const place = document.elementFromPoint(clientX, clientY)?.closest<HTMLElement>("[data-guest], [data-screen]");
      if (!place?.querySelector(".target")) this.#cancel();
      else this.#end(this.#guestAt(place));
    };
    port.addEventListener("pointermove", move);
    port.addEventListener("pointerup", up);
    port.addEventListener("pointercancel", up);
  }

  #end(to: Guest | undefined): void {
    const wiring = this.#wiring;
    this.#cancel();
    if (!wiring) return;
    const { from, wire } = wiring;
    if (wire === "out") {
      this.#onWired(from, wire, to);
      announce(`${from.name} now writes to ${to ? to.name : "the screen"}`);
    } else {
      const server = to === from ? undefined : to;
      this.#onWired(from, wire, server);
      announce(`${from.name} now asks ${server ? server.name : "the page"}`);
    }
  }

  #cancel(): void {
    const wiring = this.#wiring;
    if (!wiring) return;
    this.#wiring = undefined;
    const hadFocus = wiring.targets.some((target) => target === document.activeElement);
    for (const target of wiring.targets) target.remove();
    wiring.port.setAttribute("aria-pressed", "false");
    if (hadFocus) wiring.port.focus();
  }
}
