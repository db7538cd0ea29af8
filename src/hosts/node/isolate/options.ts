/** What an isolated instance is given: what can cross to its thread, and what stays here and is asked for from there. */
import type { Trace } from "../../../bind/instance.ts";
import { UnsupportedRuntimeError } from "../../../io/unsupported-runtime.ts";
import { limitsFrom } from "../../../io/limits.ts";
import type { InstanceOptions, PreopenOption } from "../../../run/options.ts";
import { given } from "../../../run/world.ts";
import type { Directory } from "../platform.ts";
import { inputSource, outputSink, type Input, type Output } from "../stdio.ts";
import type { OpenedStandard, StandardOptions } from "../../../run/platform.ts";
import type { Answers } from "./channel.ts";
import { OpenNodes, type WireNode } from "./files.ts";
import { Hearing } from "./bell.ts";
import { InputFeed } from "./ring-input.ts";
import { OutputPump } from "./ring-output.ts";
import { ringBytes, SharedStreams, type RingPlace } from "./shared-streams.ts";

type Options = InstanceOptions<Input, Output, Directory>;

/** A stream that the other thread opens by itself, or shares with this one. */
export type WireStream = "inherit" | "ignore" | Uint8Array | { readonly text: string } | WireRing;

export interface WireRing extends RingPlace {
  readonly isTerminal: boolean;
}

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
  /** What rings lie in. */
  readonly memory: SharedArrayBuffer;
  readonly preopens: readonly WirePreopen[];
  readonly imports: WireImports;
  readonly traces: boolean;
}

/** How much more than its buffer an output holds on its way to this thread: neither waits for the other at each piece. */
const RINGS_PER_BUFFER = 4;

const NOTHING: StandardOptions = { stdin: "ignore", stdout: "ignore", stderr: "ignore", blockingStdio: false };

/** Objects of this thread that are asked in the middle of a call: there would be no time to ask another. */
const LOCAL = ["monotonicClock", "wallClock", "random"] as const;

/** What a thread that is blocked when its guest waits is given in another way. */
export interface Parked {
  /** Opens the process's own streams, which such a thread could not wait for. */
  readonly standard: (options: StandardOptions) => OpenedStandard;
}

/** What stays in this thread of what an instance was given, until it is over. */
export class Kept {
  readonly wire: WireOptions;
  readonly #nodes = new OpenNodes();
  readonly #streams: SharedStreams;
  readonly #hearing: Hearing;
  readonly #feeds: InputFeed[] = [];
  readonly #pumps: OutputPump[] = [];
  readonly #imports: Readonly<Record<string, unknown>>;
  readonly #trace: Trace | undefined;
  readonly #parked: Parked | undefined;

  /**
   * @param parked Missing for a thread whose guest is suspended.
   * @throws {TypeError} For what cannot be given to an isolated instance.
   */
  constructor(options: Options, parked: Parked | undefined) {
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
    if (parked) assertParkable(options);
    const { signal: _signal, timeout: _timeout, ...plain } = rest;
    this.#imports = imports;
    this.#parked = parked;
    this.#trace = trace;
    const { bufferBytes, readBytes } = limitsFrom(options.limits);
    const output = ringBytes(bufferBytes * RINGS_PER_BUFFER);
    const { streams, places } = SharedStreams.make([ringBytes(readBytes), output, output]);
    // One for each of the three.
    const [forStdin, forStdout, forStderr] = places as [RingPlace, RingPlace, RingPlace];
    this.#streams = streams;
    this.#hearing = new Hearing(streams.host);
    this.wire = {
      plain: parked ? { ...plain, blockingFiles: true, blockingStdio: false } : plain,
      stdin: this.#input(stdin, forStdin),
      stdout: this.#output(stdout, "stdout", forStdout),
      stderr: this.#output(stderr, "stderr", forStderr),
      memory: streams.memory,
      preopens: Object.entries(preopens).map(([path, value]) => this.#preopen(path, value)),
      imports: membersOf(imports),
      traces: trace !== undefined,
    };
  }

  /** What the other thread asks for. */
  readonly answers: Answers = {
    file: (number: number, method: string, args: readonly unknown[]) => this.#nodes.call(number, method, args),
    import: (name: string, member: string | undefined, args: readonly unknown[]) => this.#import(name, member, args),
    trace: (...args: Parameters<Trace>) => this.#trace?.(...args),
  };

  /** Has the other thread look, if it is blocked. */
  ring(): void {
    this.#streams.guest.ring();
  }

  /** The instance is over: gives up what was not ended, and closes what was left open. */
  release(reason: unknown): void {
    for (const pump of this.#pumps) pump.release(reason);
    for (const feed of this.#feeds) feed.release();
    this.#nodes.closeAll();
    // Nothing waits any more.
    this.#streams.host.ring();
  }

  #input(value: Input, place: RingPlace): WireStream {
    const own = value === "inherit" ? this.#parked?.standard({ ...NOTHING, stdin: value }).stdin : undefined;
    if (!own && isContent(value)) return value;
    const source = own ? own.source : inputSource(value, "stdin");
    this.#feeds.push(new InputFeed(this.#streams.wire(place), this.#hearing, source));
    return { ...place, isTerminal: own?.isTerminal ?? false };
  }

  #output(value: Output, name: "stdout" | "stderr", place: RingPlace): WireStream {
    const own = value === "inherit" ? this.#parked?.standard({ ...NOTHING, [name]: value })[name] : undefined;
    if (!own && isPlace(value)) return value;
    const sink = own ? own.sink : outputSink(value, name);
    this.#pumps.push(new OutputPump(this.#streams.wire(place), this.#hearing, sink));
    return { ...place, isTerminal: own?.isTerminal ?? false };
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

/** @throws {UnsupportedRuntimeError} For what needs the event loop of the thread, which does not turn below a guest. */
function assertParkable(options: Options): void {
  for (const name of ["network", "http"] as const) {
    if (options[name] === undefined || options[name] === false) continue;
    throw new UnsupportedRuntimeError(
      `The option ${name} needs a runtime that can suspend WebAssembly, such as Node 24: leave it out on Node 20 and 22`,
    );
  }
}

/** Whether an output is opened by the other thread. */
function isPlace(value: unknown): value is "inherit" | "ignore" {
  return value === "inherit" || value === "ignore";
}

/** As `isPlace`, of an input. */
function isContent(value: unknown): value is Exclude<WireStream, WireRing> {
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
