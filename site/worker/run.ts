/** Several guests at a time, with a gate in each stream between them. */
import {
  ExitError,
  instantiate,
  MemoryFiles,
  Pipe,
  runCommand,
  Trap,
  type Level,
  type OpenDirectory,
  type RunningInstance,
  type Sink,
  type Source,
} from "sluice";
import { invocation, type Invocation } from "sluice/inspect";
import type { ChannelFrame, ChannelPlan, Ending, Files, FromWorker, GuestPlan, RunPlan } from "../protocol.ts";
import type { Components } from "./components.ts";
import { Feeder, Screen, WatchedSource } from "./ends.ts";
import { Gate, TICK_MS } from "./gate.ts";
import { Recorder } from "./recorder.ts";
import { SlowFiles } from "./slow-files.ts";
import type { Valve } from "./valve.ts";

/** How much lies between a gate and the guest behind it. */
const CHAMBER_BYTES = 4096;
const FRAME_MS = 33;

/** Why guests are ended when nobody wants them any more. */
const STOPPED = new Error("stopped");

interface Channel {
  readonly plan: ChannelPlan;
  readonly gate: Gate;
  readonly source: WatchedSource | undefined;
  readonly screen: Screen;
  readonly feeder: Feeder | undefined;
}

export class Run {
  readonly #plan: RunPlan;
  readonly #components: Components;
  readonly #tell: (message: FromWorker) => void;
  #started = performance.now();
  readonly #recorder: Recorder;
  readonly #channels: readonly Channel[];
  readonly #instances: (RunningInstance | undefined)[] = [];
  readonly #leaving = new Set<number>();
  readonly #stop = new AbortController();
  readonly #files: MemoryFiles;
  readonly #slowFiles: readonly SlowFiles[];
  #complaints: { guest: number; text: string }[] = [];
  #ticked = this.#started;

  constructor(plan: RunPlan, components: Components, tell: (message: FromWorker) => void) {
    this.#plan = plan;
    this.#components = components;
    this.#tell = tell;
    this.#recorder = new Recorder(plan.guests.length, () => this.#now());
    this.#channels = plan.channels.map((channel) => channelOf(channel));
    this.#files = MemoryFiles.from(plan.files);
    this.#slowFiles = plan.guests.map(() => new SlowFiles(plan.fileRate));
  }

  /** Resolves when all guests have ended, and all has been told. */
  async play(): Promise<void> {
    // Time counts from when all could begin.
    await Promise.allSettled(this.#plan.guests.map(({ component }) => this.#components.get(component)));
    this.#started = this.#ticked = performance.now();
    const ticks = setInterval(() => this.#tick(), TICK_MS);
    const frames = setInterval(() => this.#tellFrame(), FRAME_MS);
    await Promise.all(this.#plan.guests.map((_, guest) => this.#playGuest(guest)));
    clearInterval(ticks);
    clearInterval(frames);
    this.#tellFrame();
    this.#tell({ is: "over", files: filesOf(this.#files) });
  }

  setRate(channel: number, rate: number): void {
    const gate = this.#channels[channel]?.gate;
    if (gate) gate.rate = rate;
  }

  let(channel: number, bytes: number): void {
    this.#channels[channel]?.gate.let(bytes);
  }

  /** Of a stream of a file. */
  valve(guest: number, index: number): Valve | undefined {
    return this.#slowFiles[guest]?.valves[index];
  }

  type(channel: number, bytes: Uint8Array, isLast: boolean): void {
    this.#channels[channel]?.feeder?.add(bytes, isLast);
  }

  stop(): void {
    this.#stop.abort(STOPPED);
  }

  async #playGuest(guest: number): Promise<void> {
    let ending: Ending;
    try {
      ending = await this.#endingOf(guest);
    } catch (error) {
      ending = error === STOPPED ? { is: "stopped" } : failure(error);
    }
    this.#tellFrame();
    this.#tell({ is: "ended", guest, ending, at: this.#now() });
  }

  async #endingOf(guest: number): Promise<Ending> {
    const stdin = this.#sourceOf(guest);
    const stdout = this.#sinkOf(guest);
    let called: Invocation | undefined;
    try {
      called = await this.#invocationOf(guest);
      this.#instances[guest] = await this.#instantiate(guest, stdin, stdout);
    } catch (error) {
      // Whoever is at their other ends is told.
      stdin.close();
      stdout.abort(error);
      throw error;
    }
    const instance = this.#watched(guest, this.#instances[guest]);
    if (!called) return { is: "exited", code: await runCommand(instance) };
    try {
      return { is: "returned", value: await called.call(instance) };
    } catch (error) {
      if (error instanceof ExitError) return { is: "exited", code: error.code };
      throw error;
    } finally {
      await instance.close();
    }
  }

  /** Read before the guest is there, so that what does not fit runs nothing. */
  async #invocationOf(guest: number): Promise<Invocation | undefined> {
    const { call, component } = this.#planOf(guest);
    return call === undefined ? undefined : invocation(await this.#components.get(component), call);
  }

  #planOf(guest: number): GuestPlan {
    const plan = this.#plan.guests[guest];
    if (!plan) throw new RangeError(`There is no guest ${guest}`);
    return plan;
  }

  /** Notes when the guest has made its last call: what it wrote is delivered after that. */
  #watched(guest: number, instance: RunningInstance): RunningInstance {
    const close = (): Promise<void> => {
      this.#leaving.add(guest);
      return instance.close();
    };
    return { exports: instance.exports, stats: instance.stats, close };
  }

  async #instantiate(guest: number, stdin: Source, stdout: Sink): Promise<RunningInstance> {
    const plan = this.#planOf(guest);
    const decoder = new TextDecoder();
    return instantiate(await this.#components.get(plan.component), {
      args: [plan.name, ...plan.args],
      env: plan.env,
      cwd: "/",
      preopens: { "/": this.#rootOf(guest) },
      stdin,
      stdout,
      stderr: (chunk: Uint8Array) =>
        void this.#complaints.push({ guest, text: decoder.decode(chunk, { stream: true }) }),
      signal: this.#stop.signal,
      limits: { bufferBytes: this.#plan.bufferBytes },
      trace: (name, values, outcome) => this.#recorder.record(guest, name, values, outcome),
    });
  }

  #rootOf(guest: number): OpenDirectory {
    const root = this.#files.root();
    return this.#slowFiles[guest]?.root(root) ?? root;
  }

  #sourceOf(guest: number): Source {
    const channel = this.#channels.find(({ plan: { to } }) => to.is === "guest" && to.index === guest);
    if (!channel?.source) throw new RangeError(`No channel leads to guest ${guest}`);
    return channel.source;
  }

  #sinkOf(guest: number): Sink {
    const channel = this.#channels.find(({ plan: { from } }) => from.is === "guest" && from.index === guest);
    if (!channel) throw new RangeError(`No channel leads from guest ${guest}`);
    return channel.gate;
  }

  #now(): number {
    return performance.now() - this.#started;
  }

  #tick(): void {
    const now = performance.now();
    for (const { gate } of this.#channels) gate.tick(now - this.#ticked);
    for (const { valves } of this.#slowFiles) for (const valve of valves) valve.tick(now - this.#ticked);
    this.#ticked = now;
  }

  #tellFrame(): void {
    const complaints = this.#complaints;
    this.#complaints = [];
    const shown = this.#channels.flatMap(({ screen }, channel) => {
      const taken = screen.take();
      return taken ? [{ channel, ...taken }] : [];
    });
    this.#tell({
      is: "frame",
      frame: {
        at: this.#now(),
        channels: this.#channels.map((channel) => this.#frameOf(channel)),
        files: this.#slowFiles.flatMap((files, guest) => {
          const levels = this.#instances[guest]?.levels?.().files ?? [];
          return files.frames(guest, levels, this.#plan.bufferBytes);
        }),
        ...this.#recorder.take(),
        guests: this.#recorder.totals.map((calls, guest) => ({ calls, isLeaving: this.#leaving.has(guest) })),
        shown,
        complaints,
      },
    });
  }

  #frameOf({ plan: { from }, gate, source, feeder }: Channel): ChannelFrame {
    const instance = from.is === "guest" ? this.#instances[from.index] : undefined;
    const passed = { passedBytes: gate.passedBytes, readerWaits: source?.isAwaited ?? false };
    if (feeder) {
      return {
        ...inputLevel(feeder),
        ...passed,
        writerWaits: false,
        writtenBytes: feeder.writtenBytes,
      };
    }
    const { isAwaited, ...level } = instance?.levels?.().stdout ?? this.#emptyLevel();
    return { ...level, ...passed, writerWaits: isAwaited, writtenBytes: instance?.stats.stdout.bytes ?? 0 };
  }

  #emptyLevel(): Level {
    const { bufferBytes } = this.#plan;
    return {
      state: "open",
      bufferedBytes: 0,
      capacityBytes: bufferBytes,
      permittedBytes: bufferBytes,
      isAwaited: false,
    };
  }
}

/** What is typed waits in a basin that is as large as it has to be. */
function inputLevel({ bufferedBytes, writtenBytes, isOver }: Feeder): Omit<Level, "isAwaited"> {
  return {
    state: isOver ? "closed" : "open",
    bufferedBytes,
    capacityBytes: Math.max(writtenBytes, 1),
    permittedBytes: 0,
  };
}

function channelOf(plan: ChannelPlan): Channel {
  const pipe = plan.to.is === "guest" ? new Pipe(CHAMBER_BYTES) : undefined;
  const screen = new Screen();
  const gate = new Gate(pipe ? pipe.sink : screen, plan.rate);
  const feeder = plan.from.is === "input" ? new Feeder(gate) : undefined;
  if (plan.from.is === "input") feeder?.add(plan.from.bytes, !plan.from.isLive);
  return { plan, gate, feeder, screen, source: pipe && new WatchedSource(pipe.source) };
}

function failure(error: unknown): Ending {
  if (!(error instanceof Error)) return { is: "failed", name: "Error", message: String(error), rule: undefined };
  const rule = error instanceof Trap ? error.rule : undefined;
  return { is: "failed", name: error.name, message: error.message, rule };
}

function filesOf(files: MemoryFiles): Files {
  return Object.fromEntries(
    [...files.toTree()].flatMap(([path, entry]) => (entry instanceof Uint8Array ? [[path, entry]] : [])),
  );
}
