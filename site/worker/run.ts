/** Several guests at a time, with a gate in each stream between them. */
import {
  ExitError,
  instantiate,
  MemoryFiles,
  runCommand,
  Trap,
  type OpenDirectory,
  type Options,
  type RunningInstance,
  type Sink,
  type Source,
} from "sluice";
import { invocation, type Invocation } from "sluice/inspect";
import { InterruptedError, openTerminal, type TerminalStreams } from "sluice/terminal";
import type { Ending, Files, FromWorker, GuestPlan, RequestPlan, RunPlan, TerminalEvent } from "../protocol.ts";
import { answered, Served, type OnAnswered } from "./answer.ts";
import { Bodies } from "./bodies.ts";
import { Channel, emptyLevel, type Stream, type Writer } from "./channel.ts";
import type { Components } from "./components.ts";
import { TICK_MS } from "./gate.ts";
import { Recorder } from "./recorder.ts";
import { RemoteTerminal } from "./remote-terminal.ts";
import { SlowFiles } from "./slow-files.ts";
import type { Valve } from "./valve.ts";

const FRAME_MS = 33;

/** Why guests are ended when nobody wants them any more. */
const STOPPED = new Error("stopped");

export class Run {
  readonly #plan: RunPlan;
  readonly #components: Components;
  readonly #tell: (message: FromWorker) => void;
  #started = performance.now();
  readonly #recorder: Recorder;
  readonly #terminals: readonly RemoteTerminal[];
  readonly #streams: readonly TerminalStreams[];
  readonly #channels: readonly Stream[];
  readonly #writers: (Writer | undefined)[] = [];
  readonly #instances: (RunningInstance | undefined)[] = [];
  /** Those that answer, as soon as one of them is asked. */
  readonly #serving: (Promise<Served> | undefined)[] = [];
  readonly #served: (Served | undefined)[] = [];
  /** Of each guest: resolves when it has ended. */
  readonly #overs: readonly PromiseWithResolvers<void>[];
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
    this.#terminals = plan.terminals.map(
      (one, terminal) => new RemoteTerminal(one, (bytes) => tell({ is: "terminal", terminal, bytes })),
    );
    this.#streams = this.#terminals.map((terminal) => openTerminal(terminal));
    this.#channels = plan.channels.map((channel) => {
      const isAsked = channel.from.is === "asker" || channel.to.is === "asker";
      return isAsked ? new Bodies(channel, plan.bufferBytes) : new Channel(channel, this.#streams);
    });
    this.#overs = plan.guests.map(() => Promise.withResolvers());
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
    for (const streams of this.#streams) streams.close();
    this.#tellFrame();
    this.#tell({ is: "over", files: filesOf(this.#files) });
  }

  setRate(channel: number, rate: number): void {
    const stream = this.#channels[channel];
    if (stream) stream.rate = rate;
  }

  let(channel: number, bytes: number): void {
    this.#channels[channel]?.let(bytes);
  }

  /** Of a stream of a file. */
  valve(guest: number, index: number): Valve | undefined {
    return this.#slowFiles[guest]?.valves[index];
  }

  type(channel: number, bytes: Uint8Array, isLast: boolean): void {
    const stream = this.#channels[channel];
    if (stream instanceof Channel) stream.feeder?.add(bytes, isLast);
  }

  /** Something happened in a terminal. */
  hear(terminal: number, event: TerminalEvent): void {
    this.#terminals[terminal]?.hear(event);
  }

  stop(): void {
    this.#stop.abort(STOPPED);
  }

  async #playGuest(guest: number): Promise<void> {
    let ending: Ending;
    try {
      ending = await this.#endingOf(guest);
    } catch (error) {
      ending = failure(error);
    }
    this.#tellFrame();
    this.#tell({ is: "ended", guest, ending, at: this.#now() });
    this.#overs[guest]?.resolve();
  }

  async #endingOf(guest: number): Promise<Ending> {
    const asker = this.#plan.guests.findIndex(({ server }) => server === guest);
    if (asker >= 0) return this.#answerGuest(guest, asker);
    const stdin = this.#sourceOf(guest);
    const stdout = this.#sinkOf(guest);
    const { request } = this.#planOf(guest);
    if (request) return this.#answer(guest, request, stdin, stdout);
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

  async #answer(guest: number, request: RequestPlan, source: Source, sink: Sink): Promise<Ending> {
    const { signal } = this.#optionsOf(guest);
    let served: Served;
    try {
      served = await this.#serve(guest);
    } catch (error) {
      source.close();
      sink.abort(error);
      throw error;
    }
    const status = await answered({
      ...{ served, signal, request, source, sink },
      onAnswered: this.#onAnswered(guest),
      onWriter: (writer) => void (this.#writers[guest] = writer),
      onLeft: () => void this.#leaving.add(guest),
    });
    return { is: "answered", status };
  }

  /** Until who asks is over. */
  async #answerGuest(guest: number, asker: number): Promise<Ending> {
    const served = await this.#serve(guest);
    await this.#overs[asker]?.promise;
    return { is: "served", requests: await served.close() };
  }

  #serve(guest: number): Promise<Served> {
    return (this.#serving[guest] ??= (async () => {
      const component = await this.#components.get(this.#planOf(guest).component);
      // What it prints is no part of its answers.
      const served = await Served.of(component, { ...this.#optionsOf(guest), stdout: this.#complaintsOf(guest) });
      this.#served[guest] = served;
      return served;
    })());
  }

  #onAnswered(guest: number): OnAnswered {
    return ({ method, path }, status, headers) => {
      this.#tell({ is: "answered", guest, request: { method, path }, status, headers });
    };
  }

  /** Who answers what a guest asks. Nothing leaves the page: what nobody answers comes back. */
  #clientOf(guest: number): NonNullable<Options["http"]> {
    const { server } = this.#planOf(guest);
    if (server === undefined) return (request: Request) => new Response(request.body, { headers: request.headers });
    const bodies = this.#channels.filter((stream) => stream instanceof Bodies);
    const sent = bodies.find(({ plan: { to } }) => to.is === "guest" && to.index === server);
    const received = bodies.find(({ plan: { from } }) => from.is === "guest" && from.index === server);
    if (!sent || !received) throw new RangeError(`No channels lead to guest ${server} and back`);
    return {
      send: async (request, signal) =>
        (await this.#serve(server)).ask(request, signal, sent, received, this.#onAnswered(server)),
    };
  }

  async #instantiate(guest: number, stdin: Source, stdout: Sink): Promise<RunningInstance> {
    const component = await this.#components.get(this.#planOf(guest).component);
    const instance = await instantiate(component, { ...this.#optionsOf(guest), stdin, stdout });
    const { stats } = instance;
    this.#writers[guest] = {
      level: () => instance.levels?.().stdout ?? emptyLevel(this.#plan.bufferBytes),
      writtenBytes: () => stats.stdout.bytes,
    };
    return instance;
  }

  /** All but its streams. */
  #optionsOf(guest: number): Options & { readonly signal: AbortSignal } {
    const { name, args, env, terminal } = this.#planOf(guest);
    const streams = terminal === undefined ? undefined : this.#streams[terminal];
    return {
      args: [name, ...args],
      env: { ...streams?.env, ...env },
      cwd: "/",
      preopens: { "/": this.#rootOf(guest) },
      stderr: streams?.stderr ?? this.#complaintsOf(guest),
      http: this.#clientOf(guest),
      signal: streams ? AbortSignal.any([this.#stop.signal, streams.signal]) : this.#stop.signal,
      limits: { bufferBytes: this.#plan.bufferBytes },
      trace: (called, values, outcome) => this.#recorder.record(guest, called, values, outcome),
    };
  }

  #complaintsOf(guest: number): (chunk: Uint8Array) => void {
    const decoder = new TextDecoder();
    return (chunk) => void this.#complaints.push({ guest, text: decoder.decode(chunk, { stream: true }) });
  }

  #rootOf(guest: number): OpenDirectory {
    const root = this.#files.root();
    return this.#slowFiles[guest]?.root(root) ?? root;
  }

  #sourceOf(guest: number): Source {
    const channel = this.#channels.find(({ plan: { to } }) => to.is === "guest" && to.index === guest);
    if (!(channel instanceof Channel && channel.source)) throw new RangeError(`No channel leads to guest ${guest}`);
    return channel.source;
  }

  #sinkOf(guest: number): Sink {
    const channel = this.#channels.find(({ plan: { from } }) => from.is === "guest" && from.index === guest);
    if (!(channel instanceof Channel)) throw new RangeError(`No channel leads from guest ${guest}`);
    return channel.gate;
  }

  #now(): number {
    return performance.now() - this.#started;
  }

  #tick(): void {
    const now = performance.now();
    for (const stream of this.#channels) stream.tick(now - this.#ticked);
    for (const { valves } of this.#slowFiles) for (const valve of valves) valve.tick(now - this.#ticked);
    this.#ticked = now;
  }

  #tellFrame(): void {
    const complaints = this.#complaints;
    this.#complaints = [];
    const shown = this.#channels.flatMap((stream, channel) => {
      const taken = stream instanceof Channel ? stream.screen.take() : undefined;
      return taken ? [{ channel, ...taken }] : [];
    });
    this.#tell({
      is: "frame",
      frame: {
        at: this.#now(),
        channels: this.#channels.map((channel) => {
          const { from } = channel.plan;
          const writer = from.is === "guest" ? this.#writers[from.index] : undefined;
          return channel.frame(writer, this.#plan.bufferBytes);
        }),
        files: this.#slowFiles.flatMap((files, guest) => {
          const answering = this.#served[guest]?.server.levels() ?? [];
          const levels = this.#instances[guest]?.levels?.().files ?? answering.flatMap((one) => one.files);
          return files.frames(guest, levels, this.#plan.bufferBytes);
        }),
        ...this.#recorder.take(),
        guests: this.#recorder.totals.map((calls, guest) => ({ calls, isLeaving: this.#leaving.has(guest) })),
        shown,
        complaints,
      },
    });
  }
}

function failure(error: unknown): Ending {
  if (error === STOPPED) return { is: "stopped" };
  if (error instanceof InterruptedError) return { is: "interrupted" };
  if (!(error instanceof Error)) return { is: "failed", name: "Error", message: String(error), rule: undefined };
  const rule = error instanceof Trap ? error.rule : undefined;
  return { is: "failed", name: error.name, message: error.message, rule };
}

function filesOf(files: MemoryFiles): Files {
  return Object.fromEntries(
    [...files.toTree()].flatMap(([path, entry]) => (entry instanceof Uint8Array ? [[path, entry]] : [])),
  );
}
