/** One guest on the stage: what it is, its arguments, its ports, and how it is. */
import type { Ending } from "../protocol.ts";
import { callText, shortOf } from "./call.ts";
import { h, setText } from "./dom.ts";
import { bytesText, countText, timeText } from "./format.ts";
import type { Guest } from "./model.ts";
import type { Wait } from "./waits.ts";
import type { Wire } from "./wiring.ts";

/** After so long without a call a guest does something else. */
const SILENT_MS = 300;

/** What its panel tells the reason of. */
const CANNOT = "cannot run here";

export interface CardHandlers {
  onSelect(guest: Guest): void;
  /** What is called is to be changed. */
  onCall(guest: Guest): void;
  onRemove(guest: Guest): void;
  /** The port of its output was pressed, or that of its requests; see wiring.ts. */
  onPort(guest: Guest, wire: Wire, port: HTMLElement, event: PointerEvent | undefined): void;
}

export class GuestCard {
  readonly element: HTMLElement;
  readonly #status = h("p", { class: "status" });
  readonly #calls = h("p", { class: "calls" });
  readonly #called = h("code");
  readonly #call: HTMLElement;
  readonly #args: HTMLElement;
  readonly #asker: string | undefined;
  readonly #canRun: boolean;
  /** How many calls it had made when it last made or waited for one, and when that was. */
  #last = { calls: 0, at: 0 };

  /** @param asker The name of who asks it, if a guest does. */
  constructor(guest: Guest, asker: string | undefined, canRemove: boolean, handlers: CardHandlers) {
    const portOf = (wire: Wire, label: string, sign: string): HTMLElement => {
      const port = h(
        "button",
        {
          class: `port ${wire}`,
          attributes: {
            type: "button",
            "aria-label": label,
            title: `${label}: drag to another guest, or press and choose`,
          },
        },
        h("span", { attributes: { "aria-hidden": "true" } }, sign),
      );
      port.addEventListener("pointerdown", (event) => handlers.onPort(guest, wire, port, event));
      port.addEventListener("click", (event) => {
        // Of the keyboard alone: a pointer has been told before.
        if (event.detail === 0) handlers.onPort(guest, wire, port, undefined);
      });
      return port;
    };
    this.#args = h("input", {
      class: "args",
      attributes: {
        type: "text",
        value: guest.args,
        placeholder: "arguments",
        "aria-label": `Arguments of ${guest.name}`,
        autocapitalize: "off",
        spellcheck: "false",
      },
      on: { input: ({ target }) => target instanceof HTMLInputElement && (guest.args = target.value) },
    });
    this.#call = h(
      "button",
      {
        class: "call",
        attributes: { type: "button", title: "Ask for something else" },
        on: { click: () => handlers.onCall(guest) },
      },
      this.#called,
    );
    this.element = h(
      "article",
      { class: "guest", attributes: { "aria-label": guest.name, "data-guest": guest.id } },
      h("span", { class: "port in", attributes: { "aria-hidden": "true" } }),
      h(
        "header",
        {},
        h(
          "button",
          {
            class: "name",
            attributes: { type: "button", title: "Show its world" },
            on: { click: () => handlers.onSelect(guest) },
          },
          guest.name,
        ),
        canRemove &&
          h(
            "button",
            {
              class: "remove",
              attributes: { type: "button", "aria-label": `Take ${guest.name} off the stage` },
              on: { click: () => handlers.onRemove(guest) },
            },
            "×",
          ),
      ),
      h("p", { class: "origin" }, `${guest.origin} · ${bytesText(guest.component.length)}`),
      this.#args,
      this.#call,
      this.#status,
      this.#calls,
      asker === undefined && portOf("out", `Wire the output of ${guest.name}`, "▸"),
      guest.isClient && portOf("asks", `Wire the requests of ${guest.name}`, "⇄"),
    );
    this.#asker = asker;
    this.#canRun = guest.problems.length === 0;
    this.showCall(guest);
    this.clear();
  }

  /** What of it is called, or what it is asked: a command has arguments in that place. */
  showCall({ call, asked, functions }: Guest): void {
    this.#call.hidden = call === undefined && asked === undefined;
    this.#args.hidden = !this.#call.hidden;
    if (this.#asker !== undefined) setText(this.#called, `asked by ${this.#asker}`);
    else if (asked) setText(this.#called, `${asked.method} ${asked.path}`);
    else setText(this.#called, call ? shortOf(callText(call, functions)) : "");
  }

  /** How it is, in words. */
  get status(): string {
    return this.#status.textContent ?? "";
  }

  /** It keeps its thread to itself, which tells nothing then. */
  compute(): void {
    this.#set("runs", "computes");
  }

  clear(): void {
    this.#last = { calls: 0, at: 0 };
    if (this.#canRun) this.#set("still", "ready");
    else this.#set("failed", CANNOT);
    setText(this.#calls, "");
  }

  /** @param at Milliseconds since the run began. */
  run(calls: number, wait: Wait | undefined, at: number): void {
    if (calls !== this.#last.calls || wait) this.#last = { calls, at };
    if (wait?.is === "leaving") this.#set("done", "is done, and delivers");
    else if (wait) this.#set("waits", `waits for ${wait.for}`);
    // The thread that tells of it is free.
    else if (at - this.#last.at > SILENT_MS) this.#set("waits", "sleeps, or waits");
    else this.#set("runs", "runs");
    setText(this.#calls, countText(calls, "call"));
  }

  end(ending: Ending, at: number): void {
    switch (ending.is) {
      case "exited":
        this.#set(ending.code === 0 ? "done" : "failed", `exit code ${ending.code} after ${timeText(at)}`);
        break;
      case "returned":
        this.#set("done", `${ending.value === "" ? "returned" : `gave ${ending.value}`} after ${timeText(at)}`);
        break;
      case "answered":
        this.#set("done", `answered ${ending.status} after ${timeText(at)}`);
        break;
      case "served":
        this.#set("done", `answered ${countText(ending.requests, "request")} after ${timeText(at)}`);
        break;
      case "interrupted":
        this.#set("failed", `ended by Ctrl-C after ${timeText(at)}`);
        break;
      case "stopped":
        this.#set("failed", `stopped after ${timeText(at)}`);
        break;
      case "failed":
        this.#set("failed", this.#canRun ? failureText(ending) : CANNOT);
        break;
    }
  }

  #set(state: string, text: string): void {
    this.element.dataset["state"] = state;
    setText(this.#status, text);
  }
}

function failureText({ name, rule }: Ending & { readonly is: "failed" }): string {
  if (name === "WaveError") return "arguments do not fit";
  return rule === undefined ? name : `trap: rule ${rule}`;
}
