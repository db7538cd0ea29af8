/** The thread of isolated instances: see thread.ts, which starts it. */
import { deferred } from "../../../io/deferred.ts";
import { parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import type { Answering } from "../../../run/answering.ts";
import { compile } from "../../../run/compile.ts";
import type { CompiledComponent } from "../../../run/component.ts";
import type { Imports } from "../../../run/imports.ts";
import { instantiate, type RunningInstance } from "../../../run/instantiate.ts";
import type { Stats } from "../../../run/life.ts";
import type { InstanceOptions } from "../../../run/options.ts";
import type { Platform } from "../../../run/platform.ts";
import { runCommand } from "../../../run/run.ts";
import { answeringOf } from "../../../run/serve.ts";
import type { OpenDirectory } from "../../../wasi/filesystem/files.ts";
import type { HttpResponse } from "../../../wasi/http/exchange.ts";
import { nodeMonotonicClock } from "../clock.ts";
import { nodePlatform, type Directory } from "../platform.ts";
import type { Input, Output } from "../stdio.ts";
import { Bodies, type WireRequest, type WireResponse } from "./bodies.ts";
import { wireOf } from "./errors.ts";
import { Channel, type Message } from "./channel.ts";
import { remoteNode } from "./files.ts";
import { Hearing } from "./bell.ts";
import { remoteClient } from "./http.ts";
import { Links, type Link, type OtherThread } from "./link.ts";
import { remoteCheck, remoteNetwork } from "./network.ts";
import { Bells } from "./shared-streams.ts";
import type { WireImports, WireNetwork, WireOptions, WireRing, WireStream } from "./options.ts";
import { ParkedThread } from "./parking.ts";
import { wireValue } from "./traced.ts";

/** What the thread is started with. */
export interface ThreadData {
  readonly bells: SharedArrayBuffer;
  /** Whether the thread is blocked when its guest waits. */
  readonly parks: boolean;
  /** `Error.stackTraceLimit`. */
  readonly stackFrames: number;
}

/** What answers requests in it. */
export interface ServingData {
  readonly bytes: Uint8Array;
  readonly maxMemoryBytes: number | undefined;
  readonly reuse: number;
  /** Milliseconds for each request. */
  readonly timeout: number | undefined;
}

/** Names of what an instance exports: functions, and interfaces with functions. */
export type WireExports = Readonly<Record<string, readonly string[] | undefined>>;

/** How often the other thread is told what the streams have carried. */
const STATS_NS = 100_000_000n;

if (!parentPort) throw new Error("This is to be run in a thread of its own");
const port = parentPort;
// What thread.ts gives.
const data = workerData as ThreadData;
Error.stackTraceLimit = data.stackFrames;
const bells = new Bells(data.bells);
const hearing = new Hearing(bells.guest);
const parked = data.parks ? new ParkedThread(hearing, takeMessages, nodeMonotonicClock) : undefined;
const platform: Platform = {
  ...nodePlatform,
  ...(parked ? { loop: parked.loop, monotonicClock: parked.clock } : {}),
};
const links = new Links();
/** Those whose exports the instance imports, in their order. */
const plugs: RunningInstance[] = [];
let component: CompiledComponent | undefined;
let instance: RunningInstance | undefined;
let answering: Answering | undefined;
/** Requests of which something is left. */
const underWay = new Map<number, Promise<void>>();

const channel = new Channel(
  port,
  {
    of: links.of,
    async plug(bytes: Uint8Array, options: WireOptions): Promise<void> {
      plugs.push(await instanceOf(await compile(bytes), options));
    },
    async load(bytes: Uint8Array): Promise<void> {
      component = await compile(bytes);
    },
    async instantiate(options: WireOptions): Promise<WireExports> {
      if (!component) throw new Error("There is no component yet");
      instance = await instanceOf(component, options);
      tellStatsAgain();
      return namesOf(instance.exports);
    },
    call: (name: string, member: string | undefined, args: readonly unknown[]) =>
      told(() => functionOf(name, member)(...args)),
    run: () => told(() => withPlugs(() => runCommand(running()))),
    close: () => told(() => withPlugs(() => running().close())),
    async serve({ bytes, maxMemoryBytes, reuse, timeout }: ServingData): Promise<void> {
      const served = await compile(bytes, { maxMemoryBytes });
      // What thread.ts gives, which waits for it.
      const options = () => optionsOf(channel.callNow("options") as WireOptions);
      answering = await answeringOf(platform, { component: served, optionsOf: options, reuse, timeout });
    },
    answer: (number: number, request: WireRequest) => answer(number, request),
    done: (number: number) => underWay.get(number),
  },
  fetchMessage,
);
const other: OtherThread = { channel, own: bells.guest, other: bells.host, hearing };

async function instanceOf(of: CompiledComponent, options: WireOptions): Promise<RunningInstance> {
  const given = optionsOf(options);
  const imports = { ...given.imports };
  // Functions and interfaces, as an instance exports them.
  for (const plug of plugs) Object.assign(imports, plug.exports as Imports);
  return instantiate<Input, Output>(platform, of, { ...given, imports });
}

/** Ends them after `run`, a user before what it uses. */
async function withPlugs<T>(run: () => Promise<T>): Promise<T> {
  let fault: { readonly cause: unknown } | undefined;
  const close = async (): Promise<void> => {
    for (const plug of plugs.toReversed()) {
      // oxlint-disable-next-line no-await-in-loop -- as above
      await plug.close().catch((cause: unknown) => void (fault ??= { cause }));
    }
  };
  let result;
  try {
    result = await run();
  } catch (error) {
    // What ended the guest is told, before what came of that.
    await close();
    throw error;
  }
  await close();
  if (fault) throw fault.cause;
  return result;
}

/** Gives the response when its header is there. */
function answer(number: number, request: WireRequest): Promise<WireResponse> {
  if (!answering) throw new Error("Nothing answers here");
  const link = links.open(other, number);
  const bodies = new Bodies(link);
  const { promise, resolve, reject } = deferred<HttpResponse>();
  const late = (error: unknown): void => link.tell("late", wireOf(error));
  const exchange = {
    request: bodies.take(request),
    resolve,
    reject,
    late,
  };
  const done = answering.answer(exchange).then(async () => {
    await bodies.delivered();
    links.close(number);
    underWay.delete(number);
  });
  underWay.set(number, done);
  // When the guest first waits, or has returned: a body that has failed by then is given as such.
  return promise.then((response) => bodies.give(response));
}

function running(): RunningInstance {
  if (!instance) throw new Error("There is no instance yet");
  return instance;
}

/** Before the other thread hears what came of it, it knows what the streams have carried. */
async function told<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } finally {
    tellStats();
  }
}

/** Messages that came while the thread was blocked. */
function takeMessages(): boolean {
  if (channel.hearLate()) return true;
  const received = receiveMessageOnPort(port);
  // What the channel of the other thread sends.
  if (received) channel.hear(received.message as Message);
  return received !== undefined;
}

function fetchMessage(): Message {
  for (;;) {
    const { count } = bells.guest;
    const received = receiveMessageOnPort(port);
    // As above.
    if (received) return received.message as Message;
    bells.guest.park(count);
  }
}

function tellStatsAgain(): void {
  tellStats();
  (parked?.clock ?? nodeMonotonicClock).schedule(STATS_NS, tellStatsAgain);
}

function tellStats(): void {
  if (instance) channel.tell("stats", instance.stats satisfies Stats);
}

function functionOf(name: string, member: string | undefined): (...args: readonly unknown[]) => Promise<unknown> {
  const value = running().exports[name];
  // `namesOf` has found one.
  const fn = member === undefined ? value : (value as Readonly<Record<string, unknown>>)[member];
  return fn as (...args: readonly unknown[]) => Promise<unknown>;
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

function optionsOf(wire: WireOptions): InstanceOptions<Input, Output, Directory> {
  const { number, plain, stdin, stdout, stderr, preopens, imports, traces, network, hasClient } = wire;
  const link = links.open(other, number);
  // An output is never bytes or text: the other thread has looked.
  const outputOf = (stream: WireStream): Output =>
    isRing(stream) ? link.sink(stream, stream.isTerminal) : (stream as Output);
  return {
    ...plain,
    stdin: isRing(stdin) ? link.source(stdin, stdin.isTerminal) : stdin,
    stdout: outputOf(stdout),
    stderr: outputOf(stderr),
    preopens: Object.fromEntries(
      preopens.map(({ path, readOnly, directory }) => [
        path,
        // A preopen is a directory.
        {
          readOnly,
          directory: (typeof directory === "string"
            ? directory
            : (remoteNode(link, directory) as OpenDirectory)) satisfies Directory,
        },
      ]),
    ),
    imports: importsOf(link, imports),
    ...(traces && { trace: tracer(link) }),
    ...(network && { network: networkOf(link, network) }),
    ...(hasClient && { http: remoteClient(link, new Bodies(link)) }),
  };
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
