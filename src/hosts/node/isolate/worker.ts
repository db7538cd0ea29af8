/** The thread of one isolated instance: see host.ts, which starts it. */
import { parentPort, workerData } from "node:worker_threads";
import { compile } from "../../../run/compile.ts";
import type { Imports } from "../../../run/imports.ts";
import { instantiate, type RunningInstance } from "../../../run/instantiate.ts";
import type { Stats } from "../../../run/life.ts";
import { runCommand } from "../../../run/run.ts";
import type { OpenDirectory } from "../../../wasi/filesystem/files.ts";
import { nodePlatform, type Directory } from "../platform.ts";
import type { Input, Output } from "../stdio.ts";
import { Channel } from "./channel.ts";
import { remoteNode } from "./files.ts";
import { Hearing } from "./bell.ts";
import { RingSink } from "./ring-output.ts";
import { RingSource } from "./ring-input.ts";
import { SharedStreams, type RingPlace } from "./shared-streams.ts";
import type { WireImports, WireOptions, WireStream } from "./options.ts";

/** What the thread is started with. */
export interface ThreadData {
  readonly bytes: Uint8Array;
  readonly options: WireOptions;
}

/** Names of what an instance exports: functions, and interfaces with functions. */
export type WireExports = Readonly<Record<string, readonly string[] | undefined>>;

/** How often the other thread is told what the streams have carried. */
const STATS_MS = 100;

if (!parentPort) throw new Error("This is to be run in a thread of its own");
let instance: RunningInstance | undefined;

const channel = new Channel(parentPort, {
  async instantiate(): Promise<WireExports> {
    // What `instantiateIsolated` gives.
    const { bytes, options } = workerData as ThreadData;
    instance = await instantiate<Input, Output>(nodePlatform, await compile(bytes), optionsOf(options));
    setInterval(() => tellStats(), STATS_MS).unref();
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

function optionsOf({ plain, stdin, stdout, stderr, memory, preopens, imports, traces }: WireOptions) {
  const streams = new SharedStreams(memory);
  const hearing = new Hearing(streams.guest);
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
    ...(traces ? { trace: (...args: readonly unknown[]) => channel.tell("trace", ...args) } : {}),
  };
}

function isRing(stream: WireStream): stream is RingPlace {
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
