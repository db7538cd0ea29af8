/**
 * Guests that are called one after the other on one stack. A function that may be suspended is given a stack and a promise,
 * which takes as long as a dozen calls of imports: here that is paid once for all that are called in one go.
 */
import { call, callFirst, codeOf, encodeModule, func, TABLE } from "../abi/encode.ts";
import type { CoreFunction } from "./gate.ts";
import { sharedModule } from "./module.ts";

/** Who says whom to call. */
export interface Caller {
  /** The guest that was called last, if one was, has returned. Whether one is to be called next: see `Succession.call`. Never throws. */
  next(): boolean;
}

interface Table {
  set(index: number, value: CoreFunction | null): void;
}

export class Succession {
  readonly #run: () => Promise<unknown>;
  readonly #table: Table;
  #guest: CoreFunction | undefined;
  #first = 0;
  #second = 0;

  /** Where WebAssembly can be suspended. */
  constructor(caller: Caller) {
    this.#table = new WebAssembly.Table({ element: "anyfunc", initial: 1 });
    const { exports } = new WebAssembly.Instance(successionModule(), {
      "": {
        next: () => (caller.next() ? 1 : 0),
        first: () => this.#first,
        second: () => this.#second,
        guest: this.#table,
      },
    });
    // The module exports exactly this.
    this.#run = WebAssembly.promising(exports["run"] as CoreFunction);
  }

  /** Whom to call next: a function of WebAssembly's, of two i32 and no result. */
  call(guest: CoreFunction, first: number, second: number): void {
    if (guest !== this.#guest) this.#table.set(0, guest);
    this.#guest = guest;
    this.#first = first;
    this.#second = second;
  }

  /** Lets go of whom it has called last. */
  forget(): void {
    if (this.#guest) this.#table.set(0, null);
    this.#guest = undefined;
  }

  /** Calls one after the other, the first at once. Resolves when `next` has none; rejects with what a guest throws, and may be run again. */
  run(): Promise<unknown> {
    return this.#run();
  }
}

/** The module behind all of them. */
export function successionModule(): object {
  return sharedModule("succession", encode);
}

/** (loop (if (call $next) (then (call_indirect (call $first) (call $second)) (br $loop)))) */
function encode(): Uint8Array {
  const [next, first, second] = [0, 1, 2];
  return encodeModule({
    types: [
      [[], ["i32"]],
      [[], []],
      [["i32", "i32"], []],
    ],
    imports: [
      ["", "next", func(0)],
      ["", "first", func(0)],
      ["", "second", func(0)],
      ["", "guest", TABLE],
    ],
    functions: [
      {
        name: "run",
        type: 1,
        locals: [],
        body: codeOf(
          ...[0x03, 0x40],
          ...[call(next), 0x04, 0x40],
          ...[call(first), call(second), callFirst(2)],
          // The loop is what is around the condition.
          ...[0x0c, 0x01, 0x0b, 0x0b],
        ),
      },
    ],
  });
}
