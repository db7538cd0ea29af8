/** Streams of what an embedder has, in any runtime with Web Streams. */
import { guarded } from "../../io/checked-ports.ts";
import { CheckedSink, CheckedSource } from "../../io/checked-streams.ts";
import { iterableSource } from "../../io/iterable-source.ts";
import { plainSink, plainSource } from "../../io/plain-ports.ts";
import type { Sink, Source } from "../../io/ports.ts";
import type { Chunk } from "../../io/pull-source.ts";
import { hasMethods, isObject } from "../../io/shape.ts";
import { told } from "../../io/told.ts";
import type { Opener, StandardStreams } from "../../run/platform.ts";
import { letGo } from "./held-streams.ts";
import { webSource } from "./readable.ts";
import { WebSink } from "./writable.ts";

/**
 * What standard input can be: at its end ("ignore"), bytes, text, a Web stream, an iterable of bytes or text, a function
 * that gives the next chunk (nothing at the end), or a `Source`.
 */
export type WebInput =
  | "ignore"
  | Uint8Array
  | { readonly text: string }
  | ReadableStream<Uint8Array | string>
  | AsyncIterable<Uint8Array | string>
  | Iterable<Uint8Array | string>
  | ((max: number) => Chunk | Promise<Chunk>)
  | Source;

/**
 * What standard output and error can be: nobody ("ignore"), a Web stream, a function that takes chunks (a promise that it
 * returns holds the guest back), or a `Sink`. A stream is ended when the guest is.
 */
export type WebOutput = "ignore" | WritableStream<Uint8Array> | ((chunk: Uint8Array) => unknown) | Sink;

/** What makes a source of a `WebInput`; nothing if the value is none. @param name Of it, for messages. */
export function sourceOf(value: unknown, name: string): Opener<Source> | undefined {
  const plain = plainSource(value);
  if (plain || !isObject(value)) return plain && (() => plain);
  if (hasMethods<Source>(value, "read", "ready", "watch", "unwatch", "close")) {
    return () => new CheckedSource(value, name);
  }
  // After ours: Node loads its Web streams, 2 ms, when they are named.
  if (value instanceof ReadableStream) {
    return () => {
      letGo(value);
      return webSource(value);
    };
  }
  // What it gives is checked.
  if (Symbol.asyncIterator in value || Symbol.iterator in value)
    return () => guarded(name, () => iterableSource(value as AsyncIterable<Uint8Array>));
  return undefined;
}

/** What makes a sink of a `WebOutput`; nothing if the value is none. @param name Of it, for messages. */
export function sinkOf(value: unknown, name: string): Opener<Sink> | undefined {
  const plain = plainSink(value);
  if (plain) return () => plain;
  if (hasMethods<Sink>(value, "write", "flush", "watch", "unwatch", "close", "abort")) {
    return () => new CheckedSink(value, name);
  }
  if (value instanceof WritableStream) {
    return () => {
      letGo(value);
      return new WebSink(value);
    };
  }
  return undefined;
}

/** As `sourceOf`, for a platform that has no other streams. @throws {TypeError} If the value is none. */
export function streamSource(value: unknown, name: string): Opener<Source> {
  const made = sourceOf(value, name);
  if (made) return made;
  throw new TypeError(
    `${name} must be "ignore", bytes, { text }, a ReadableStream, an iterable, a function or a Source; got ` +
      told(value),
  );
}

/** As `sinkOf`, for a platform that has no other streams. @throws {TypeError} If the value is none. */
export function streamSink(value: unknown, name: string): Opener<Sink> {
  const made = sinkOf(value, name);
  if (made) return made;
  throw new TypeError(`${name} must be "ignore", a WritableStream, a function or a Sink; got ${told(value)}`);
}

/** Looks at what is to be opened, and does nothing to it. @throws {TypeError} If one is no stream. */
export function assertStreams({ stdin = "ignore", stdout = "ignore", stderr = "ignore" }: StandardStreams): void {
  streamSource(stdin, "stdin");
  streamSink(stdout, "stdout");
  streamSink(stderr, "stderr");
}
