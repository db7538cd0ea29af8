/** Sources and sinks of what is no stream: bytes, text, functions, and nobody. */
import { BytesSource, closedSource, DiscardSink } from "./memory.ts";
import type { Sink, Source } from "./ports.ts";
import { PullSource, type Chunk } from "./pull-source.ts";
import { PushSink } from "./push-sink.ts";
import { isBytes, isObject } from "./shape.ts";

/** A source of bytes, `{ text }` or a function, or one at its end ("ignore"); nothing if the value is none of these. */
export function plainSource(value: unknown): Source | undefined {
  if (value === "ignore") return closedSource();
  if (isBytes(value)) return new BytesSource(value);
  if (typeof value === "function") {
    // A function among the inputs is one that gives chunks; what it gives is checked.
    return new PullSource(value as (max: number) => Chunk | Promise<Chunk>);
  }
  return hasText(value) ? new BytesSource(value.text) : undefined;
}

/** A sink of a function, or one that nobody reads ("ignore"); nothing if the value is neither. */
export function plainSink(value: unknown): Sink | undefined {
  if (value === "ignore") return new DiscardSink();
  return typeof value === "function" ? new PushSink(value as (chunk: Uint8Array) => unknown) : undefined;
}

/** Whether it is something that `plainSource` knows nothing of. */
export function isNoPlainSource(value: unknown): boolean {
  return isNoPlainSink(value) && !isBytes(value) && !hasText(value);
}

/** As `isNoPlainSource`, of `plainSink`. */
export function isNoPlainSink(value: unknown): boolean {
  return value !== undefined && value !== "ignore" && typeof value !== "function";
}

function hasText(value: unknown): value is { readonly text: string } {
  return isObject(value) && typeof value["text"] === "string";
}

/** Whether a stream of an embedder's says that it is a terminal. */
export function saysTerminal(value: unknown): boolean {
  return isObject(value) && value["isTerminal"] === true;
}
