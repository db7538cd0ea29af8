/** What an isolated instance is given: what can cross to its thread, and what stays here and is asked for from there. */
import type { Limits } from "../../io/limits.ts";
import { limitsFrom } from "../../run/given-limits.ts";
import type { HttpOption } from "../../run/http.ts";
import { isBytes, isObject, unawaited } from "../../io/shape.ts";
import { Unheard } from "../../io/unheard.ts";
import { ALL, networkOptions } from "../../run/network.ts";
import type { InstanceOptions, NetworkOptions, PreopenOption } from "../../run/options.ts";
import type { HttpClient } from "../../wasi/http/exchange.ts";
import { checkedNetwork, type CheckedNetwork } from "../../wasi/sockets/checked-network.ts";
import type { NetworkPorts } from "../../wasi/sockets/network.ts";
import { loadOpeners } from "../../run/grants.ts";
import { checkedGiven, PreopenError } from "../../run/world.ts";
import type { OpenedStandard, Platform, StandardOptions } from "../../run/platform.ts";
import { Bodies } from "./bodies.ts";
import { OpenNodes, type WireNode } from "./files.ts";
import { serveClient } from "./http.ts";
import type { Link } from "./link.ts";
import { serveNetwork } from "./network.ts";
import { valueOf } from "./traced.ts";
import type { InputFeed } from "./ring-input.ts";
import type { OutputPump } from "./ring-output.ts";
import { ringBytes, type RingPlace } from "./shared-streams.ts";
import { ownThread } from "./own-thread.ts";

/** Of any runtime. */
export type Options = InstanceOptions<unknown, unknown>;

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
  /** Of the link to what stays here. */
  readonly number: number;
  readonly plain: Options;
  readonly stdin: WireStream;
  readonly stdout: WireStream;
  readonly stderr: WireStream;
  readonly preopens: readonly WirePreopen[];
  readonly imports: WireImports;
  readonly traces: boolean;
  /** Missing: it is as `plain` has it. */
  readonly network: WireNetwork | undefined;
  /** Whether who carries requests out is here; else as `plain` has it. */
  readonly hasClient: boolean;
}

/** A network that is here, with rules that hold there. */
export interface WireNetwork {
  readonly granted: NetworkOptions;
  /** Whether somebody here is asked. */
  readonly checks: boolean;
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

/** A network, and what tells of faults that nobody has heard of, if it is the embedder's. */
type OpenNetwork = NetworkPorts & Partial<Pick<CheckedNetwork, "close">>;

/** What of an instance's options is served in this thread: it has to be waited for. */
interface Served {
  readonly network: OpenNetwork | undefined;
  readonly client: HttpClient | undefined;
}

/** What stays in this thread of what an instance was given, until it is over. */
export class Kept {
  readonly wire: WireOptions;
  readonly #nodes = new OpenNodes();
  readonly #platform: Platform;
  readonly #link: Link;
  readonly #feeds: InputFeed[] = [];
  readonly #pumps: OutputPump[] = [];
  readonly #imports: Readonly<Record<string, unknown>>;
  readonly #parked: Parked | undefined;
  readonly #ends: ((reason: unknown) => void)[] = [];
  readonly #unheard = new Unheard();

  /**
   * @param platform Of this thread.
   * @param link Nobody's yet.
   * @param number Of the link.
   * @param parked Missing for a thread whose guest is suspended.
   * @throws {TypeError} For what cannot be given to an isolated instance.
   */
  static async make(
    platform: Platform,
    link: Link,
    number: number,
    options: Options,
    parked: Parked | undefined,
  ): Promise<Kept> {
    assertIsolable(options);
    const { stdin = "ignore", stdout = "ignore", stderr = "ignore" } = options;
    platform.assertStreams?.({ stdin, stdout, stderr, blockingStdio: false });
    await loadOpeners(platform, options);
    const limits = limitsFrom(options.limits);
    const network = typeof options.network === "object" ? networkOptions("network", options.network) : options.network;
    const http = await plainHttp(options.http);
    // What crosses has its members itself.
    return new Kept(platform, link, number, { ...options, limits, network, http }, parked, {
      network: network && isServed(network, parked) ? await portsOf(platform, network) : undefined,
      client: http && isServed(http, parked) ? await httpOf(platform, http, limits) : undefined,
    });
  }

  private constructor(
    platform: Platform,
    link: Link,
    number: number,
    options: Options,
    parked: Parked | undefined,
    { network, client }: Served,
  ) {
    const {
      stdin = "ignore",
      stdout = "ignore",
      stderr = "ignore",
      preopens = {},
      imports = {},
      trace,
      ...rest
    } = options;
    const { signal: _signal, timeout: _timeout, ...others } = rest;
    const plain = { ...others, ...(network && { network: false }), ...(client && { http: false }) };
    this.#platform = platform;
    this.#link = link;
    this.#imports = imports;
    this.#parked = parked;
    const { bufferBytes, readBytes, datagramBytes } = limitsFrom(options.limits);
    const output = ringBytes(bufferBytes * RINGS_PER_BUFFER);
    link.answer({
      file: (node: number, method: string, args: readonly unknown[]) => this.#nodes.call(node, method, args),
      import: (name: string, member: string | undefined, args: readonly unknown[]) => this.#import(name, member, args),
      // The other thread waits for no answer.
      trace: (name: string, values: readonly unknown[], outcome: string) =>
        this.#unheard.call("trace", () => {
          unawaited(trace?.(name, values.map(valueOf), outcome));
        }),
    });
    if (network) this.#ends.push(serveNetwork(link, network, datagramBytes), () => network.close?.());
    if (client) {
      const bodies = new Bodies(link);
      const end = serveClient(link, bodies, client);
      this.#ends.push(end, (reason) => bodies.release(reason));
    }
    const granted = network && typeof options.network === "object" ? options.network : {};
    const { on: _on, check, ...rules } = granted;
    if (check) link.answer({ check });
    try {
      this.wire = {
        number,
        plain: parked ? { ...plain, blockingFiles: true, blockingStdio: false } : plain,
        stdin: this.#input(stdin, ringBytes(readBytes)),
        stdout: this.#output(stdout, "stdout", output),
        stderr: this.#output(stderr, "stderr", output),
        preopens: Object.entries(preopens).map(([path, value]) => this.#preopen(path, value)),
        imports: membersOf(imports),
        traces: trace !== undefined,
        network: network && {
          granted: options.network === true ? ALL : rules,
          checks: check !== undefined,
        },
        hasClient: client !== undefined,
      };
    } catch (error) {
      // What was opened before what is refused.
      this.release(error);
      throw error;
    }
  }

  /** The instance is over: gives up what was not ended, and closes what was left open. Gives what that threw. */
  release(reason: unknown): unknown[] {
    const faults: unknown[] = [];
    const guard = (step: () => void): void => {
      try {
        step();
      } catch (fault) {
        faults.push(fault);
      }
    };
    for (const stream of [...this.#pumps, ...this.#feeds]) {
      stream.release(reason);
      guard(() => stream.unheard.tell());
    }
    guard(() => this.#nodes.closeAll());
    for (const end of this.#ends) guard(() => end(reason));
    guard(() => this.#unheard.tell());
    return faults;
  }

  #input(value: unknown, capacity: number): WireStream {
    const own = value === "inherit" ? this.#parked?.standard({ ...NOTHING, stdin: value }).stdin : undefined;
    if (!own && isContent(value)) return value;
    const source = own ? own.source : this.#platform.source(value, "stdin");
    const [place] = this.#link.places([capacity]);
    this.#feeds.push(this.#link.feed(place, source));
    return { ...place, isTerminal: own?.isTerminal ?? false };
  }

  #output(value: unknown, name: "stdout" | "stderr", capacity: number): WireStream {
    const own = value === "inherit" ? this.#parked?.standard({ ...NOTHING, [name]: value })[name] : undefined;
    if (!own && isPlace(value)) return value;
    const sink = own ? own.sink : this.#platform.sink(value, name);
    const [place] = this.#link.places([capacity]);
    this.#pumps.push(this.#link.pump(place, sink));
    return { ...place, isTerminal: own?.isTerminal ?? false };
  }

  #import(name: string, member: string | undefined, args: readonly unknown[]): unknown {
    const value = this.#imports[name];
    const holder = member === undefined ? undefined : (value as Readonly<Record<string, unknown>>);
    const fn = holder ? holder[member ?? ""] : value;
    // `membersOf` has found one.
    return (fn as (...args: readonly unknown[]) => unknown).apply(holder, [...args]);
  }

  #preopen(path: string, value: PreopenOption<unknown>): WirePreopen {
    try {
      const { directory, readOnly } = checkedGiven(value);
      return {
        path,
        readOnly,
        // What is no directory of an embedder's is refused where it is known what it is.
        directory:
          typeof directory === "string" ? directory : this.#nodes.add(this.#platform.directory(directory, path, false)),
      };
    } catch (cause) {
      throw new PreopenError(path, cause);
    }
  }
}

/** @throws {TypeError} For options that say nothing to a thread of its own. */
function assertIsolable(options: Options): void {
  for (const name of LOCAL) {
    if (options[name] !== undefined) {
      throw new TypeError(
        `${name} is an object of this thread, and cannot be given to an instance that has ${ownThread()}: leave it out`,
      );
    }
  }
  if (options.syncExports === true) {
    throw new TypeError("syncExports cannot be had of an isolated instance: its functions return promises");
  }
}

/** What is asked in the thread that has it. */
const OWN = ["check", "on", "send"];

/** Whether an option is served here: the other thread is blocked while its guest waits, or some of it is an object of this one. */
function isServed(option: object | true, parked: Parked | undefined): boolean {
  return parked !== undefined || typeof option === "function" || OWN.some((name) => name in Object(option));
}

async function portsOf(platform: Platform, option: true | NetworkOptions): Promise<OpenNetwork> {
  if (option !== true && option.on) return checkedNetwork(option.on);
  return (await import("../../run/network.ts")).portsOf(platform);
}

/** Whom requests may be sent to, if it is that which is said. */
async function plainHttp(option: Options["http"]): Promise<Options["http"]> {
  if (typeof option !== "object" || "send" in option) return option;
  return (await import("../../run/http.ts")).httpOptions(option);
}

async function httpOf(platform: Platform, option: HttpOption, limits: Limits): Promise<HttpClient> {
  return (await import("../../run/http.ts")).httpOf(platform, option, limits);
}

/** Whether an output is opened by the other thread. */
function isPlace(value: unknown): value is "inherit" | "ignore" {
  return value === "inherit" || value === "ignore";
}

/** As `isPlace`, of an input. */
function isContent(value: unknown): value is Exclude<WireStream, WireRing> {
  if (isPlace(value) || isBytes(value)) return true;
  return isObject(value) && typeof value["text"] === "string";
}

function membersOf(imports: NonNullable<Options["imports"]>): WireImports {
  return Object.fromEntries(
    Object.entries(imports).map(([name, value]) => {
      if (typeof value === "function") {
        assertPlain(name, value);
        return [name, undefined];
      }
      const members = methodsOf(value);
      for (const [member, fn] of members) assertPlain(`${name}#${member}`, fn);
      return [name, members.map(([member]) => member)];
    }),
  );
}

/** Its functions, those of its class too. */
function methodsOf(given: unknown): readonly (readonly [name: string, method: unknown])[] {
  const value: object = Object(given);
  const names = new Set<string>();
  for (let at: object | null = value; at && at !== Object.prototype; at = Reflect.getPrototypeOf(at)) {
    for (const name of Object.getOwnPropertyNames(at)) names.add(name);
  }
  names.delete("constructor");
  return [...names]
    .map((name) => [name, Reflect.get(value, name)] as const)
    .filter(([, member]) => typeof member === "function");
}

/** @throws {TypeError} For a class: its instances are objects of this thread. */
function assertPlain(name: string, value: unknown): void {
  if (/^class\b/.test(Function.prototype.toString.call(value))) {
    throw new TypeError(
      `imports: ${name} is a class: an instance that has ${ownThread()} can be given functions, and no resources`,
    );
  }
}
