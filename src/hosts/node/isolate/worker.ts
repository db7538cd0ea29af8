/** The thread of one isolated instance: see host.ts, which starts it. */
import { parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import { compile } from "../../../run/compile.ts";
import type { Imports } from "../../../run/imports.ts";
import { instantiate, type RunningInstance } from "../../../run/instantiate.ts";
import type { Stats } from "../../../run/life.ts";
import type { Platform } from "../../../run/platform.ts";
import { runCommand } from "../../../run/run.ts";
import type { OpenDirectory } from "../../../wasi/filesystem/files.ts";
import { nodeMonotonicClock } from "../clock.ts";
import { nodePlatform, type Directory } from "../platform.ts";
import { openStandard, type Input, type Output } from "../stdio.ts";
import { show } from "../../../abi/show.ts";
import { cloneable } from "./errors.ts";
import { Channel, type Message } from "./channel.ts";
import { remoteNode } from "./files.ts";
import { Hearing } from "./bell.ts";
import { RingSink } from "./ring-output.ts";
import { RingSource } from "./ring-input.ts";
import { SharedStreams } from "./shared-streams.ts";
import type { WireImports, WireOptions, WireRing, WireStream } from "./options.ts";
import { ParkedThread } from "./parking.ts";

/** What the thread is started with. */
export interface ThreadData {
  readonly bytes: Uint8Array;
  readonly options: WireOptions;
  /** Whether the thread is blocked when its guest waits. */
  readonly parks: boolean;
  /** `Error.stackTraceLimit`. */
  readonly stackFrames: number;
}

/** Names of what an instance exports: functions, and interfaces with functions. */
export type WireExports = Readonly<Record<string, readonly string[] | undefined>>;

/** How often the other thread is told what the streams have carried. */
const STATS_NS = 100_000_000n;

if (!parentPort) throw new Error("This is to be run in a thread of its own");
const port = parentPort;
// What host.ts gives.
const data = workerData as ThreadData;
Error.stackTraceLimit = data.stackFrames;
const streams = new SharedStreams(data.options.memory);
const hearing = new Hearing(streams.guest);
const parked = data.parks ? new ParkedThread(hearing, takeMessage, nodeMonotonicClock) : undefined;
let instance: RunningInstance | undefined;

const channel = new Channel(port, {
  async instantiate(): Promise<WireExports> {
    const { bytes, options } = data;
    instance = await instantiate<Input, Output>(platformOf(options), await compile(bytes), optionsOf(options));
    tellStatsAgain();
    return namesOf(instance.exports);
  },
  call: (name: string, member: string | undefined, args: readonly unknown[]) =>
    told(() => functionOf(name, member)(...args)),
  run: () => told(() => runCommand(running())),
  close: () => told(() => running().close()),
});

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

/** A message that came while the thread was blocked. */
function takeMessage(): boolean {
  const received = receiveMessageOnPort(port);
  // What the channel of the other thread sends.
  if (received) channel.hear(received.message as Message);
  return received !== undefined;
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

function platformOf({ stdin, stdout, stderr }: WireOptions): Platform {
  return {
    ...nodePlatform,
    ...(parked ? { loop: parked.loop, monotonicClock: parked.clock } : {}),
    standard: (options) => {
      const opened = openStandard(options);
      return {
        stdin: { ...opened.stdin, ...terminalOf(stdin) },
        stdout: { ...opened.stdout, ...terminalOf(stdout) },
        stderr: { ...opened.stderr, ...terminalOf(stderr) },
      };
    },
  };
}

/** Whether it is one, where the other thread knows. */
function terminalOf(stream: WireStream): { readonly isTerminal?: boolean } {
  return isRing(stream) ? { isTerminal: stream.isTerminal } : {};
}

function optionsOf({ plain, stdin, stdout, stderr, preopens, imports, traces }: WireOptions) {
  // An output is never bytes or text: the other thread has looked.
  const outputOf = (stream: WireStream): Output =>
    isRing(stream) ? new RingSink(streams.wire(stream), hearing) : (stream as Output);
  return {
    ...plain,
    stdin: isRing(stdin) ? new RingSource(streams.wire(stdin), hearing) : stdin,
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
            : (remoteNode(channel, directory) as OpenDirectory)) satisfies Directory,
        },
      ]),
    ),
    imports: importsOf(imports),
    ...(traces ? { trace: tellTrace } : {}),
  };
}

function tellTrace(name: string, values: readonly unknown[], outcome: string): void {
  channel.tell("trace", name, values.map(traceable), outcome);
}

/** A value as it can cross: a resource by its number, and what cannot cross either as what it says of itself. */
function traceable(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(traceable);
  if (typeof value === "object" && value !== null && "kind" in value && "rep" in value) {
    return { kind: "resource", rep: value.rep };
  }
  return cloneable(value) ? value : show(value);
}

function isRing(stream: WireStream): stream is WireRing {
  return typeof stream === "object" && "capacity" in stream;
}

function importsOf(imports: WireImports): Imports {
  const remote =
    (name: string, member?: string) =>
    (...args: readonly unknown[]) =>
      channel.call("import", name, member, args);
  return Object.fromEntries(
    Object.entries(imports).map(([name, members]) => [
      name,
      members ? Object.fromEntries(members.map((member) => [member, remote(name, member)])) : remote(name),
    ]),
  );
}
