import { InvalidComponentError } from "../invalid-component.ts";

/** Characters that the types of a component take when they are written down: a few bytes can ask for 2 ** 100 of them. */
const MAX_CHARACTERS = 16_000_000;

/** Counts what is written down of a component. */
export class TextBudget {
  #left = MAX_CHARACTERS;

  /** `text`, if there is room for it. @throws {InvalidComponentError} */
  spend(text: string): string {
    this.#left -= text.length;
    if (this.#left < 0) {
      throw new InvalidComponentError(
        `the component's types take more than ${MAX_CHARACTERS} characters to write down`,
      );
    }
    return text;
  }
}

/** Any text as a string of JSON in printable ASCII, which ends no comment either, whatever is in it. */
export function asLiteral(text: string): string {
  return inAscii(JSON.stringify(text)).replaceAll("*/", "*\\/");
}

/** The same JSON in printable ASCII, in which no terminal finds an order, and ends of lines between its parts. */
export function inAscii(json: string): string {
  return json.replaceAll(/[^ -~\n]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
