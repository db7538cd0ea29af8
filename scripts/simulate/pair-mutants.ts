/** Faults of what is between two guests, put in on purpose. */
import { Pipe } from "../../src/io/pipe.ts";
import { making, type Ends } from "./pair.ts";
import type { Mutant } from "./mutants.ts";

/** As an object whose methods are its own, to be replaced one by one: those of a class's are not copied by spreading. */
function loose<T extends object>(port: T): T {
  const methods = Object.getOwnPropertyNames(Object.getPrototypeOf(port) as object).flatMap((name) => {
    const value: unknown = Reflect.get(port, name);
    return typeof value === "function" && name !== "constructor" ? [[name, value.bind(port) as unknown]] : [];
  });
  // All that it had, and its methods bound to it.
  return { ...port, ...(Object.fromEntries(methods) as object) };
}

function between(name: string, change: (ends: Ends) => Ends): Mutant {
  return {
    name,
    insert() {
      const original = making.pipe;
      making.pipe = (capacityBytes) => {
        const { source, sink } = new Pipe(capacityBytes);
        return change({ source: loose(source), sink: loose(sink) });
      };
      return () => {
        making.pipe = original;
      };
    },
  };
}

export const PAIR_MUTANTS: readonly Mutant[] = [
  between("a pipe that loses a byte", ({ source, sink }) => ({
    source,
    sink: { ...sink, write: (bytes) => (bytes.length > 4 ? sink.write(bytes.subarray(1)) + 1 : sink.write(bytes)) },
  })),
  between("a pipe that gives bytes in another order", ({ source, sink }) => ({
    sink,
    source: { ...source, read: (max) => source.read(max)?.toReversed() ?? null },
  })),
  between("a pipe that wakes no reader", ({ source, sink }) => ({ sink, source: { ...source, watch() {} } })),
  between("a pipe that wakes no writer", ({ source, sink }) => ({ source, sink: { ...sink, watch() {} } })),
  between("a pipe whose end nobody hears of", ({ source, sink }) => ({ source, sink: { ...sink, close() {} } })),
  between("a reader that is over, and is waited for", ({ source, sink }) => ({
    sink,
    source: { ...source, leave() {}, close() {} },
  })),
  // Its input is closed when its output has been delivered, to one that waits for just that.
  between("a guest that is over, and waits for the other", ({ source, sink }) => ({
    sink,
    source: { ...source, leave() {} },
  })),
  between("a pipe that takes more than it has room for", () => new Pipe(100_000)),
];
