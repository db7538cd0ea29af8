/** A form for a call of one function: a field for each parameter, made from its type. */
import type { InspectedParameter } from "sluice/inspect";
import { callOf, casesOf, shortOf } from "./call.ts";
import { h } from "./dom.ts";
import type { Guest } from "./model.ts";

/** In the place of a function's name: what the command does by itself. */
const RUN = "";

export class CallForm {
  readonly element: HTMLElement;
  readonly #onChanged: (guest: Guest) => void;
  readonly #choice = h("select", { attributes: { "aria-label": "What is called" } });
  readonly #fields = h("div", { class: "fields" });
  readonly #result = h("p", { class: "note" });
  #guest: Guest | undefined;

  constructor(onChanged: (guest: Guest) => void) {
    this.#onChanged = onChanged;
    this.#choice.addEventListener("change", () => {
      const guest = this.#guest;
      if (!guest) return;
      guest.call = callOf(guest.functions.find(({ name }) => name === this.#choice.value));
      this.#build(guest);
      onChanged(guest);
    });
    this.element = h("div", { class: "call-form" }, h("h3", {}, "Call"), this.#choice, this.#fields, this.#result);
  }

  show(guest: Guest): void {
    this.#guest = guest;
    const { functions, isCommand, call, asked } = guest;
    this.element.hidden = functions.length === 0 || asked !== undefined;
    this.#choice.replaceChildren(
      ...(isCommand ? [h("option", { attributes: { value: RUN } }, "run, as a command does")] : []),
      ...functions.map(({ name }) => h("option", { attributes: { value: name } }, shortOf(name))),
    );
    this.#choice.value = call?.name ?? RUN;
    this.#build(guest);
  }

  focus(): void {
    this.#choice.focus();
  }

  #build(guest: Guest): void {
    const called = guest.functions.find(({ name }) => name === guest.call?.name);
    this.#fields.replaceChildren(
      ...(called?.parameters ?? []).map((parameter, index) =>
        h(
          "label",
          {},
          h("span", {}, parameter.name, " ", h("code", {}, parameter.type)),
          fieldOf(parameter, guest.call?.values[index] ?? "", (value) => {
            if (guest.call) guest.call = { ...guest.call, values: guest.call.values.with(index, value) };
            this.#onChanged(guest);
          }),
        ),
      ),
    );
    this.#result.hidden = called?.result === undefined;
    this.#result.replaceChildren("gives ", h("code", {}, called?.result ?? ""));
  }
}

function fieldOf({ type }: InspectedParameter, value: string, onInput: (value: string) => void): HTMLElement {
  const cases = casesOf(type);
  const field = cases
    ? h("select", {}, ...cases.map((one) => h("option", { attributes: { value: one } }, one)))
    : h("input", { attributes: { type: "text", placeholder: type, autocapitalize: "off", spellcheck: "false" } });
  field.value = value;
  field.addEventListener("input", () => onInput(field.value));
  return field;
}
