/** What is in the thread of isolated instances: see thread.ts, which starts it. */
import { deferred } from "../../io/deferred.ts";
import type { Answering } from "../../run/serve/answering.ts";
import { compile } from "../../run/compile.ts";
import type { CompiledComponent } from "../../run/component.ts";
import type { Imports } from "../../run/imports.ts";
import { instantiate, type RunningInstance } from "../../run/instantiate.ts";
import type { Stats } from "../../run/life.ts";
import type { Platform } from "../../run/platform.ts";
import { Plugs, plugsOf } from "../../run/plugs.ts";
import { runCommand } from "../../run/run.ts";
import { answeringOf } from "../../run/serve/serve.ts";
import type { HttpResponse } from "../../wasi/http/exchange.ts";
import { Bodies, type WireRequest, type WireResponse } from "./bodies.ts";
import { wireOf } from "./errors.ts";
import { Channel, type Answers, type Message, type Port } from "./channel.ts";
import { remoteNode } from "./files.ts";
import type { Bell, Hearing } from "./bell.ts";
import { remoteClient } from "./http.ts";
import { Links, type Link, type OtherThread } from "./link.ts";
import { remoteCheck, remoteNetwork } from "./network.ts";
import { ringPlaces } from "./shared-streams.ts";
import type { Options, WireImports, WireNetwork, WireOptions, WireRing, WireStream } from "./options.ts";
import { ParkedThread } from "./parking.ts";
import { wireValue } from "./traced.ts";

/** What answers requests in it. */
export interface ServingData {
  readonly bytes: Uint8Array;
  /** Of those that are plugged into each instance. */
  readonly plugs: readonly Uint8Array[];
  readonly maxMemoryBytes: number | undefined;
  readonly reuse: number;
  /** Milliseconds for each request. */
  readonly timeout: number | undefined;
}

/** Names of what an instance exports: functions, and interfaces with functions. */
export type WireExports = Readonly<Record<string, readonly string[] | undefined>>;

/** How often the other thread is told what the streams have carried. */
const STATS_NS = 100_000_000n;

/** A thread for guests, as its runtime has it. */
export interface GuestThread {
  readonly port: Port;
  /** Rung for this thread. */
  readonly own: Bell;
  /** Rung for the other. */
  readonly other: Bell;
  /** Of `own`. */
  readonly hearing: Hearing;
  readonly platform: Platform;
  /** Takes a message from the port by other means than the event loop's, if there is one. */
  readonly take: () => Message | undefined;
  /** Runs all promises, also below a guest. Missing where guests are suspended, and block nothing. */
  readonly runPromises: (() => void) | undefined;
}

/** Those in one thread: an instance and what it imports, or what answers requests. Does what the other thread asks for. */
export class Guests {
  readonly #thread: GuestThread;
  readonly #platform: Platform;
  readonly #channel: Channel;
  readonly #other: OtherThread;
  readonly #links = new Links();
  /** Those whose exports the instance imports, in their order. */
  readonly #plugs = new Plugs();
  #component: CompiledComponent | undefined;
  #instance: RunningInstance | undefined;
  #answering: Answering | undefined;
  /** Requests of which something is left. */
  readonly #underWay = new Map<number, Promise<void>>();

  constructor(thread: GuestThread) {
    const { port, own, other, hearing, platform, runPromises } = thread;
    this.#thread = thread;
    const parked =
      runPromises && new ParkedThread(hearing, () => this.#takeMessage(), platform.monotonicClock, runPromises);
    this.#platform = { ...platform, ...(parked && { loop: parked.loop, monotonicClock: parked.clock }) };
    this.#channel = new Channel(port, this.#answers(), { fetch: () => this.#fetchMessage(), soon: hearing.soon });
    this.#other = { channel: this.#channel, own, other, hearing, places: ringPlaces };
  }

  #answers(): Answers {
    return {
      of: this.#links.of,
      plug: async (bytes: Uint8Array, options: WireOptions): Promise<void> => {
        this.#plugs.add(await this.#instanceOf(await compile(bytes), options));
      },
      load: async (bytes: Uint8Array): Promise<void> => {
        this.#component = await compile(bytes);
      },
      instantiate: async (options: WireOptions): Promise<WireExports> => {
        if (!this.#component) throw new Error("There is no component yet");
        this.#instance = await this.#instanceOf(this.#component, options);
        this.#tellStatsAgain();
        return namesOf(this.#instance.exports);
      },
      call: (name: string, member: string | undefined, args: readonly unknown[]) =>
        this.#told(() => this.#functionOf(name, member)(...args)),
      run: () => this.#told(() => this.#withPlugs(() => runCommand(this.#running))),
      close: () => this.#told(() => this.#withPlugs(() => this.#running.close())),
      serve: async ({ bytes, plugs: given, maxMemoryBytes, reuse, timeout }: ServingData): Promise<void> => {
        const component = await compile(bytes, { maxMemoryBytes });
        const plugs = await plugsOf(given, (one) => compile(one));
        // What thread.ts gives, which waits for it.
        const optionsOf = (isPlug: boolean) => this.#optionsOf(this.#channel.callNow("options", isPlug) as WireOptions);
        this.#answering = await answeringOf(this.#platform, { component, optionsOf, plugs, reuse, timeout });
      },
      answer: (number: number, request: WireRequest) => this.#answer(number, request),
      done: (number: number) => this.#underWay.get(number),
    };
  }

  async #instanceOf(of: CompiledComponent, options: WireOptions): Promise<RunningInstance> {
    const given = this.#optionsOf(options);
    return instantiate(this.#platform, of, { ...given, imports: this.#plugs.importsWith(given.imports) });
  }

  /** Ends them after `run`. */
  async #withPlugs<T>(run: () => Promise<T>): Promise<T> {
    let result;
    try {
      result = await run();
    } catch (error) {
      // What ended the guest is told, before what came of that.
      await this.#plugs.close().catch(() => {});
      throw error;
    }
    await this.#plugs.close();
    return result;
  }

  /** Gives the response when its header is there. */
  #answer(number: number, request: WireRequest): Promise<WireResponse> {
    if (!this.#answering) throw new Error("Nothing answers here");
    const link = this.#links.open(this.#other, number);
    const bodies = new Bodies(link);
    const { promise, resolve, reject } = deferred<HttpResponse>();
    const over = deferred<void>();
    this.#answering.answer({
      request: bodies.take(request),
      resolve,
      reject,
      late: (error: unknown) => link.tell("late", wireOf(error)),
      over: () => over.resolve(),
    });
    const done = over.promise.then(async () => {
      await bodies.delivered();
      this.#links.close(number);
      this.#underWay.delete(number);
    });
    this.#underWay.set(number, done);
    // When the guest first waits, or has returned: a body that has failed by then is given as such.
    return promise.then((response) => bodies.give(response));
  }

  get #running(): RunningInstance {
    if (!this.#instance) throw new Error("There is no instance yet");
    return this.#instance;
  }

  /** Before the other thread hears what came of it, it knows what the streams have carried. */
  async #told<T>(run: () => Promise<T>): Promise<T> {
    try {
      return await run();
    } finally {
      this.#tellStats();
    }
  }

  /** One that came while the thread was blocked. */
  #takeMessage(): boolean {
    if (this.#channel.hearLate()) return true;
    const message = this.#thread.take();
    if (message) this.#channel.hear(message);
    return message !== undefined;
  }

  #fetchMessage(): Message {
    const { own, take } = this.#thread;
    for (;;) {
      const { count } = own;
      const message = take();
      if (message) return message;
      own.park(count);
    }
  }

  #tellStatsAgain(): void {
    this.#tellStats();
    this.#platform.monotonicClock.schedule(STATS_NS, () => this.#tellStatsAgain());
  }

  #tellStats(): void {
    if (this.#instance) this.#channel.tell("stats", this.#instance.stats satisfies Stats);
  }

  #functionOf(name: string, member: string | undefined): (...args: readonly unknown[]) => Promise<unknown> {
    const value = this.#running.exports[name];
    // `namesOf` has found one.
    const fn = member === undefined ? value : (value as Readonly<Record<string, unknown>>)[member];
    return fn as (...args: readonly unknown[]) => Promise<unknown>;
  }

  #optionsOf(wire: WireOptions): Options {
    const { number, plain, stdin, stdout, stderr, preopens, imports, traces, network, hasClient } = wire;
    const link = this.#links.open(this.#other, number);
    const outputOf = (stream: WireStream): unknown => (isRing(stream) ? link.sink(stream, stream.isTerminal) : stream);
    return {
      ...plain,
      stdin: isRing(stdin) ? link.source(stdin, stdin.isTerminal) : stdin,
      stdout: outputOf(stdout),
      stderr: outputOf(stderr),
      preopens: Object.fromEntries(
        preopens.map(({ path, readOnly, directory }) => [
          path,
          { readOnly, directory: typeof directory === "string" ? directory : remoteNode(link, directory) },
        ]),
      ),
      imports: importsOf(link, imports),
      ...(traces && { trace: tracer(link) }),
      ...(network && { network: networkOf(link, network) }),
      ...(hasClient && { http: remoteClient(link, new Bodies(link)) }),
    };
  }
}

function namesOf(exports: Readonly<Record<string, unknown>>): WireExports {
  return Object.fromEntries(
    Object.entries(exports).flatMap(([name, value]): [string, readonly string[] | undefined][] => {
      if (isFunction(value)) return [[name, undefined]];
      if (typeof value !== "object" || value === null) return [];
      return [[name, Object.entries(value).flatMap(([member, fn]) => (isFunction(fn) ? [member] : []))]];
    }),
  );
}

/** A class of a guest's resources is none: its instances are objects of this thread. */
function isFunction(value: unknown): boolean {
  return typeof value === "function" && !/^class\b/.test(Function.prototype.toString.call(value));
}

function networkOf(link: Link, { granted, checks }: WireNetwork) {
  return { ...granted, on: remoteNetwork(link), ...(checks && { check: remoteCheck(link) }) };
}

function tracer(link: Link) {
  return (name: string, values: readonly unknown[], outcome: string): void =>
    link.tell("trace", name, values.map(wireValue), outcome);
}

function isRing(stream: WireStream): stream is WireRing {
  return typeof stream === "object" && "capacity" in stream;
}

function importsOf(link: Link, imports: WireImports): Imports {
  const remote =
    (name: string, member?: string) =>
    (...args: readonly unknown[]) =>
      link.call("import", name, member, args);
  return Object.fromEntries(
    Object.entries(imports).map(([name, members]) => [
      name,
      members ? Object.fromEntries(members.map((member) => [member, remote(name, member)])) : remote(name),
    ]),
  );
}
