import type { Readable, Writable } from "node:stream";
import { BytesSource, closedSource, DiscardSink } from "../../io/memory.ts";
import type { Sink, Source } from "../../io/ports.ts";
import { iterableSource, PullSource, type Chunk } from "../../io/pull-source.ts";
import { PushSink } from "../../io/push-sink.ts";
import type { OpenedInput, OpenedOutput, OpenedStandard, StandardOptions } from "../../run/platform.ts";
import { webSource } from "../web/readable.ts";
import { WebSink } from "../web/writable.ts";
import { BlockingGroup, fdSource, FdSink, isTerminal } from "./fd.ts";
import { nodeSource } from "./readable.ts";
import { NodeSink } from "./writable.ts";

/**
 * What standard input can be: the process's own ("inherit"), at its end ("ignore"), bytes, text, a stream of Web or
 * Node, an iterable of bytes or text, a function that gives the next chunk (nothing at the end), or a `Source`.
 */
export type Input =
  | "inherit"
  | "ignore"
  | Uint8Array
  | { readonly text: string }
  | ReadableStream<Uint8Array | string>
  | Readable
  | AsyncIterable<Uint8Array | string>
  | Iterable<Uint8Array | string>
  | ((max: number) => Chunk | Promise<Chunk>)
  | Source;

/**
 * What standard output and error can be: the process's own ("inherit"), nobody ("ignore"), a stream of Web or Node, a
 * function that takes chunks (a promise that it returns holds the guest back), or a `Sink`. A stream is ended when the
 * guest is; the process's own stdout and stderr are not.
 */
export type Output =
  | "inherit"
  | "ignore"
  | WritableStream<Uint8Array>
  | Writable
  | ((chunk: Uint8Array) => unknown)
  | Sink;

/** The standard streams of one guest. */
export function openStandard(options: StandardOptions): OpenedStandard {
  // What is not the process's own needs the event loop.
  const own = [options.stdin, options.stdout, options.stderr].every(
    (value) => value === "inherit" || value === "ignore",
  );
  const group = options.blockingStdio && own ? new BlockingGroup() : undefined;
  return {
    stdin: openInput(options.stdin, group),
    stdout: openOutput(options.stdout, "stdout", group),
    stderr: openOutput(options.stderr, "stderr", group),
  };
}

function openInput(value: unknown, group: BlockingGroup | undefined): OpenedInput {
  if (value === "inherit") return { source: fdSource(0, group), isTerminal: isTerminal(0) };
  return { source: inputSource(value, "stdin"), isTerminal: false };
}

/** Makes a source of what somebody has. @param name Of it, for messages. @throws {TypeError} If it is none. */
export function inputSource(value: unknown, name: string): Source {
  if (value === "ignore") return closedSource();
  if (value instanceof Uint8Array) return new BytesSource(value);
  if (value instanceof ReadableStream) return webSource(value);
  if (value instanceof nodeStreams().Readable) return nodeSource(value);
  if (typeof value === "function") {
    // A function among the inputs is one that gives chunks; what it gives is checked.
    return new PullSource(value as (max: number) => Chunk | Promise<Chunk>);
  }
  if (isObject(value)) {
    if ("text" in value && typeof value.text === "string") return new BytesSource(value.text);
    if (has(value, "read", "ready", "watch", "unwatch", "close")) return value as Source;
    if (Symbol.asyncIterator in value || Symbol.iterator in value) {
      // What it gives is checked.
      return iterableSource(value as AsyncIterable<Uint8Array>);
    }
  }
  throw new TypeError(
    `${name} must be "inherit", "ignore", bytes, { text }, a ReadableStream, a Readable, an iterable, a function or a ` +
      `Source; got ${describe(value)}`,
  );
}

const FDS = { stdout: 1, stderr: 2 };

function openOutput(value: unknown, which: "stdout" | "stderr", group: BlockingGroup | undefined): OpenedOutput {
  if (value === "inherit") return { sink: new FdSink(FDS[which], group), isTerminal: isTerminal(FDS[which]) };
  return { sink: outputSink(value, which), isTerminal: false };
}

/** As `inputSource`, for a sink. */
export function outputSink(value: unknown, which: string): Sink {
  if (value === "ignore") return new DiscardSink();
  if (value instanceof WritableStream) return new WebSink(value);
  if (value instanceof nodeStreams().Writable || (isObject(value) && has(value, "write", "end", "on", "destroy"))) {
    return new NodeSink(value as Writable);
  }
  if (typeof value === "function") return new PushSink(value as (chunk: Uint8Array) => unknown);
  if (isObject(value) && has(value, "write", "flush", "watch", "unwatch", "close", "abort")) return value as Sink;
  throw new TypeError(
    `${which} must be "inherit", "ignore", a WritableStream, a Writable, a function or a Sink; got ${describe(value)}`,
  );
}

/** Fetched only for a value that may be one of its streams: it takes its time to load. */
function nodeStreams(): { readonly Readable: typeof Readable; readonly Writable: typeof Writable } {
  return process.getBuiltinModule("node:stream");
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function has(value: object, ...methods: string[]): boolean {
  return methods.every((method) => typeof (value as Record<string, unknown>)[method] === "function");
}

function describe(value: unknown): string {
  return typeof value === "string" ? JSON.stringify(value) : isObject(value) ? value.constructor.name : typeof value;
}
