/** Values of a call that is traced in another thread, as they are shown here. */
import { show } from "../../abi/show.ts";
import { cloneable } from "./errors.ts";

/** What cannot cross, on its way. */
interface WireShown {
  readonly kind: "shown";
  readonly text: string;
}

/** What an object of the other thread says of itself. */
class Shown {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  toString(): string {
    return this.#text;
  }
}

/** A value as it can cross: a resource by its number, and what cannot cross either as what it says of itself. */
export function wireValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(wireValue);
  if (typeof value === "object" && value !== null && "kind" in value && "rep" in value) {
    return { kind: "resource", rep: value.rep };
  }
  return isPlain(value) && cloneable(value) ? value : ({ kind: "shown", text: show(value) } satisfies WireShown);
}

/** @param value What `wireValue` gave. */
export function valueOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(valueOf);
  return isShown(value) ? new Shown(value.text) : value;
}

/** Whether a copy is the same to who looks at it: an object of a class is not. */
function isPlain(value: unknown): boolean {
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return true;
  return Object.getPrototypeOf(value) === Object.prototype;
}

function isShown(value: unknown): value is WireShown {
  return typeof value === "object" && value !== null && "kind" in value && value.kind === "shown";
}
