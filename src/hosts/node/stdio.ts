import type { Readable, Writable } from "node:stream";
import type { Sink, Source } from "../../io/ports.ts";
import { isNoPlainSink, saysTerminal } from "../../io/plain-ports.ts";
import { hasMethods, isObject } from "../../io/shape.ts";
import { told } from "../../io/told.ts";
import type { OpenedOutput, OpenedStandard, Opener, StandardOptions } from "../../run/platform.ts";
import { openedStandard } from "../../run/standard.ts";
import { sinkOf, sourceOf, type WebInput, type WebOutput } from "../web/streams.ts";
import { isTerminal } from "./fd-open.ts";
import { BlockingGroup, fdSource, FdSink } from "./fd.ts";
import { nodeSource } from "./readable.ts";
import { NodeSink } from "./writable.ts";

/** What standard input can be: the process's own ("inherit"), a stream of Node's, or what it can be in any runtime. */
export type Input = "inherit" | Readable | WebInput;

/**
 * What standard output and error can be: the process's own ("inherit"), a stream of Node's, or what they can be in any
 * runtime. A stream is ended when the guest is; the process's own stdout and stderr are not.
 */
export type Output = "inherit" | Writable | WebOutput;

/** The standard streams of one guest. */
export function openStandard(options: StandardOptions): OpenedStandard {
  // All before any is opened: they are as they were, then.
  const openers = openersOf(options);
  const { stdin } = openers;
  // What is not the process's own needs the event loop.
  const own = [options.stdin, options.stdout, options.stderr].every(
    (value) => value === "inherit" || value === "ignore",
  );
  const group = options.blockingStdio && own ? new BlockingGroup() : undefined;
  return openedStandard(
    () => ({
      isTerminal: stdin ? saysTerminal(options.stdin) : isTerminal(0),
      source: stdin ? stdin() : fdSource(0, group),
    }),
    (name) => openOutput(options[name], openers[name], name === "stdout" ? 1 : 2, group),
  );
}

/** @throws {TypeError} If one is no stream. */
export function assertStreams(options: StandardOptions): void {
  openersOf(options);
}

/** Of those that are not the process's own. @throws {TypeError} If one is no stream. */
function openersOf({ stdin, stdout, stderr }: StandardOptions): {
  readonly stdin: Opener<Source> | undefined;
  readonly stdout: Opener<Sink> | undefined;
  readonly stderr: Opener<Sink> | undefined;
} {
  return {
    stdin: stdin === "inherit" ? undefined : inputSource(stdin, "stdin"),
    stdout: stdout === "inherit" ? undefined : outputSink(stdout, "stdout"),
    stderr: stderr === "inherit" ? undefined : outputSink(stderr, "stderr"),
  };
}

function openOutput(
  value: unknown,
  open: Opener<Sink> | undefined,
  fd: 1 | 2,
  group: BlockingGroup | undefined,
): OpenedOutput {
  if (open) return { isTerminal: saysTerminal(value), sink: open() };
  return { isTerminal: isTerminal(fd), sink: new FdSink(fd, group) };
}

/** What makes a source of what somebody has. @param name Of it, for messages. @throws {TypeError} If it is none. */
export function inputSource(value: unknown, name: string): Opener<Source> {
  // A Readable is an iterable too.
  if (hasMethods<Readable>(value, "pipe") && value instanceof nodeStreams().Readable) return () => nodeSource(value);
  const source = sourceOf(value, name);
  if (source) return source;
  throw new TypeError(
    `${name} must be "inherit", "ignore", bytes, { text }, a ReadableStream, a Readable, an iterable, a function or a ` +
      `Source; got ${told(value)}${hintFor(value, "source", "readable", "body", "stream")}`,
  );
}

/** As `inputSource`, for a sink. */
export function outputSink(value: unknown, which: string): Opener<Sink> {
  // Old streams are none of today's classes.
  if (isNoPlainSink(value) && hasMethods<Writable>(value, "write", "end", "on", "destroy")) {
    // Its reader did not leave: whoever gives it has ended it, or a guest before this one.
    if (!value.writableEnded) return () => new NodeSink(value);
    throw new TypeError(
      `${which} must be a stream that is not ended, as a guest ends its streams; to hear of several guests give a function`,
    );
  }
  const sink = sinkOf(value, which);
  if (sink) return sink;
  throw new TypeError(
    `${which} must be "inherit", "ignore", a WritableStream, a Writable, a function or a Sink; got ${told(value)}${hintFor(value, "sink", "writable")}`,
  );
}

/** What to do with what is often given instead. @param parts Members, one of which would do. */
function hintFor(value: unknown, ...parts: readonly string[]): string {
  if (typeof value === "string") return parts.includes("source") ? "; text is given as { text }" : "";
  try {
    const part = parts.find((name) => isObject(value) && name in value);
    return part === undefined ? "" : `; give its ${part}${part === "stream" ? "()" : ""}`;
  } catch {
    // A proxy that is revoked.
    return "";
  }
}

/** Fetched only for a value that may be one of its streams: it takes its time to load. */
function nodeStreams(): { readonly Readable: typeof Readable } {
  return process.getBuiltinModule("node:stream");
}
