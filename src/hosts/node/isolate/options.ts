/** What an isolated instance is given: what can cross to its thread, and what stays here and is asked for from there. */
import type { Trace } from "../../../bind/instance.ts";
import { PeerClosed, type Sink, type Source } from "../../../io/ports.ts";
import type { InstanceOptions, PreopenOption } from "../../../run/options.ts";
import { given } from "../../../run/world.ts";
import type { Directory } from "../platform.ts";
import { inputSource, outputSink, type Input, type Output } from "../stdio.ts";
import type { Answers } from "./channel.ts";
import { OpenNodes, type WireNode } from "./files.ts";
import { pull, push } from "./streams.ts";

type Options = InstanceOptions<Input, Output, Directory>;

/** A stream that the other thread opens by itself, or asks this one for. */
export type WireStream = "inherit" | "ignore" | Uint8Array | { readonly text: string } | { readonly remote: true };

export interface WirePreopen {
  readonly path: string;
  readonly readOnly: boolean;
  readonly directory: string | WireNode;
}

/** By name, the members of an interface; nothing for a function of the world itself. */
export type WireImports = Readonly<Record<string, readonly string[] | undefined>>;

/** What crosses. */
export interface WireOptions {
  readonly plain: Options;
  readonly stdin: WireStream;
  readonly stdout: WireStream;
  readonly stderr: WireStream;
  readonly preopens: readonly WirePreopen[];
  readonly imports: WireImports;
  readonly traces: boolean;
}

const OUTPUTS = ["stdout", "stderr"] as const;
type OutputName = (typeof OUTPUTS)[number];

/** Objects of this thread that are asked in the middle of a call: there would be no time to ask another. */
const LOCAL = ["monotonicClock", "wallClock", "random"] as const;

/** What stays in this thread of what an instance was given, until it is over. */
export class Kept {
  readonly wire: WireOptions;
  readonly #nodes = new OpenNodes();
  readonly #stdin: Source | undefined;
  readonly #sinks = new Map<OutputName, Sink>();
  readonly #imports: Readonly<Record<string, unknown>>;
  readonly #trace: Trace | undefined;

  /** @throws {TypeError} For what cannot be given to an isolated instance. */
  constructor(options: Options) {
    const {
      stdin = "ignore",
      stdout = "ignore",
      stderr = "ignore",
      preopens = {},
      imports = {},
      trace,
      ...rest
    } = options;
    assertIsolable(options);
    const { signal: _signal, timeout: _timeout, ...plain } = rest;
    this.#imports = imports;
    this.#trace = trace;
    this.#stdin = isContent(stdin) ? undefined : inputSource(stdin, "stdin");
    for (const name of OUTPUTS) {
      const output = name === "stdout" ? stdout : stderr;
      if (!isPlace(output)) this.#sinks.set(name, outputSink(output, name));
    }
    const outputOf = (value: unknown): WireStream => (isPlace(value) ? value : { remote: true });
    this.wire = {
      plain,
      stdin: isContent(stdin) ? stdin : { remote: true },
      stdout: outputOf(stdout),
      stderr: outputOf(stderr),
      preopens: Object.entries(preopens).map(([path, value]) => this.#preopen(path, value)),
      imports: membersOf(imports),
      traces: trace !== undefined,
    };
  }

  /** What the other thread asks for. */
  readonly answers: Answers = {
    read: (max: number) => this.#stdin && pull(this.#stdin, max),
    cancel: () => this.#stdin?.close(),
    write: (name: OutputName, bytes: Uint8Array) => push(this.#sink(name), bytes),
    end: async (name: OutputName) => {
      const sink = this.#sink(name);
      this.#sinks.delete(name);
      await sink.close();
    },
    abort: (name: OutputName) => {
      this.#sinks.get(name)?.abort(new Error("The guest's end of the stream failed"));
      this.#sinks.delete(name);
    },
    file: (number: number, method: string, args: readonly unknown[]) => this.#nodes.call(number, method, args),
    import: (name: string, member: string | undefined, args: readonly unknown[]) => this.#import(name, member, args),
    trace: (...args: Parameters<Trace>) => this.#trace?.(...args),
  };

  /** The instance is over: gives up what was not ended, and closes what was left open. */
  release(reason: unknown): void {
    for (const sink of this.#sinks.values()) sink.abort(reason);
    this.#sinks.clear();
    this.#stdin?.close();
    this.#nodes.closeAll();
  }

  #sink(name: OutputName): Sink {
    const sink = this.#sinks.get(name);
    if (!sink) throw new PeerClosed();
    return sink;
  }

  #import(name: string, member: string | undefined, args: readonly unknown[]): unknown {
    const value = this.#imports[name];
    const holder = member === undefined ? undefined : (value as Readonly<Record<string, unknown>>);
    const fn = holder ? holder[member ?? ""] : value;
    // `membersOf` has found one.
    return (fn as (...args: readonly unknown[]) => unknown).apply(holder, [...args]);
  }

  #preopen(path: string, value: PreopenOption<Directory>): WirePreopen {
    const { directory, readOnly } = given(value);
    return {
      path,
      readOnly: readOnly === true,
      directory: typeof directory === "string" ? directory : this.#nodes.add(directory),
    };
  }
}

/** @throws {TypeError} For options that say nothing to a thread of its own. */
function assertIsolable(options: Options): void {
  for (const name of LOCAL) {
    if (options[name] !== undefined) {
      throw new TypeError(
        `${name} is an object of this thread, and cannot be given to an isolated instance: leave it out`,
      );
    }
  }
  const { network } = options;
  if (typeof network === "object" && (network.check !== undefined || network.on !== undefined)) {
    throw new TypeError(
      "network.check and network.on are of this thread, and cannot be given to an isolated instance: say what it may do with tcp, udp, lookup, connect, listen and denyPrivate",
    );
  }
  if (options.syncExports === true) {
    throw new TypeError("syncExports cannot be had of an isolated instance: its functions return promises");
  }
}

/** Whether an output is opened by the other thread. */
function isPlace(value: unknown): value is "inherit" | "ignore" {
  return value === "inherit" || value === "ignore";
}

/** As `isPlace`, of an input. */
function isContent(value: unknown): value is Exclude<WireStream, { readonly remote: true }> {
  if (isPlace(value) || value instanceof Uint8Array) return true;
  return typeof value === "object" && value !== null && "text" in value && typeof value.text === "string";
}

function membersOf(imports: NonNullable<Options["imports"]>): WireImports {
  return Object.fromEntries(
    Object.entries(imports).map(([name, value]) => {
      if (typeof value === "function") {
        assertPlain(name, value);
        return [name, undefined];
      }
      const members = Object.entries(value as Readonly<Record<string, unknown>>).filter(
        ([, member]) => typeof member === "function",
      );
      for (const [member, fn] of members) assertPlain(`${name}#${member}`, fn);
      return [name, members.map(([member]) => member)];
    }),
  );
}

/** @throws {TypeError} For a class: its instances are objects of this thread. */
function assertPlain(name: string, value: unknown): void {
  if (/^class\b/.test(Function.prototype.toString.call(value))) {
    throw new TypeError(`imports: ${name} is a class: an isolated instance can be given functions, and no resources`);
  }
}
