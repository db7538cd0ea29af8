/* oxlint-disable no-await-in-loop -- one thing happens after the other */
/** Plays a trace, in one of the ways in which a guest can reach its streams. */
import { readFile } from "node:fs/promises";
import { Trap } from "../../src/io/trap.ts";
import { compileOnce } from "../../src/hosts/node/compile.ts";
import type { CompiledComponent } from "../../src/run/component.ts";
import { instantiate } from "../../src/run/instantiate.ts";
import { ExitError } from "../../src/run/life.ts";
import type { InstanceOptions } from "../../src/run/options.ts";
import type { Platform } from "../../src/run/platform.ts";
import { CALLS, isSpin, STATUSES, type Answer, type Call, type Happening, type Trace } from "./calls.ts";
import { DirectGuest } from "./direct.ts";
import type { Entry, Outcome, Record, Remains } from "./record.ts";
import { RESCUE, rest, World } from "./world.ts";

/**
 * `direct`: TypeScript on the objects of `io/`. The others are a guest in WebAssembly: `general` goes through what all
 * functions go through, `fast` through shorter ways, `leased` also through WebAssembly that stands in for a stream.
 */
export const WAYS = ["direct", "general", "fast", "leased"] as const;
export type Way = (typeof WAYS)[number];
export type GuestWay = Exclude<Way, "direct">;

/** Makes calls, and is over some day. */
export interface Player {
  play(calls: readonly Call[]): Promise<readonly Answer[]>;
  close(): Promise<void>;
}

let compiled: Promise<CompiledComponent> | undefined;

function component(): Promise<CompiledComponent> {
  const path = new URL("../../test/guests/built/simulate.wasm", import.meta.url);
  return (compiled ??= readFile(path).then((bytes) => compileOnce(bytes)));
}

async function guestIn(way: GuestWay, trace: Trace, world: World): Promise<Player> {
  const { bufferBytes, readBytes, budget } = trace.setup;
  const [stdout, stderr] = world.sinks;
  return playerOn(way, world.platform, {
    stdin: world.source,
    stdout,
    stderr,
    limits: { bufferBytes, readBytes },
    permits: budget ? "budget" : "strict",
    preopens: { "/": world.directory },
    signal: world.controller.signal,
  });
}

/** A guest in WebAssembly. */
export async function playerOn(
  way: GuestWay,
  platform: Platform,
  options: InstanceOptions<unknown, unknown>,
): Promise<Player> {
  const instance = await instantiate(platform, await component(), {
    ...options,
    leases: way === "leased",
    ...(way === "general" ? { trace: () => {} } : {}),
  });
  // As test/guests/src/programs/simulate.wit has it.
  const script = instance.exports["sluice:guests/script"] as { play(numbers: number[]): Promise<number[]> };
  return {
    async play(calls) {
      const numbers = calls.flatMap(({ name, a, b, c }) => [CALLS.indexOf(name), a, b, c]);
      const answers = await script.play(numbers);
      return calls.map((_, index) => answerOf(answers.slice(index * 3, index * 3 + 3)));
    },
    close: () => instance.close(),
  };
}

function answerOf([status = 0, count = 0, hash = 0]: readonly number[]): Answer {
  return { status: STATUSES[status] ?? "skipped", count, hash };
}

export async function play(trace: Trace, way: Way): Promise<Record> {
  const world = new World(trace.setup);
  const player = way === "direct" ? new DirectGuest(trace, world) : await guestIn(way, trace, world);
  const stage = new Stage(world, player, trace);
  return stage.play();
}

/** What became of something that takes a while. */
export interface Underway<T> {
  readonly outcome: { readonly value: T } | { readonly error: unknown } | undefined;
}

export function watched<T>(promise: Promise<T>): Underway<T> {
  const underway: { outcome: Underway<T>["outcome"] } = { outcome: undefined };
  promise.then(
    (value) => (underway.outcome = { value }),
    (error: unknown) => (underway.outcome = { error }),
  );
  return underway;
}

/** Who waits through so many rounds of everything in which nothing moves waits for ever. */
const IDLE_ROUNDS = 4;

class Stage {
  readonly #world: World;
  readonly #player: Player;
  #trace: Trace;
  readonly #entries: Entry[] = [];
  #at = 0;
  #isOver = false;

  constructor(world: World, player: Player, trace: Trace) {
    this.#world = world;
    this.#player = player;
    this.#trace = trace;
  }

  async play(): Promise<Record> {
    const { steps } = this.#trace;
    while (this.#at < steps.length && !this.#isOver) {
      const step = steps[this.#at++];
      if (!step) continue;
      if ("calls" in step) await this.#playCalls(step.calls);
      else await this.#happen(step);
    }
    return { entries: this.#entries, remains: await this.#end() };
  }

  async #happen(happening: Happening): Promise<void> {
    this.#world.happen(happening);
    if (happening.event === "abort") this.#isOver = true;
    await rest();
    this.#entries.push({ is: "happening", happening, taken: this.#world.taken });
  }

  async #playCalls(calls: readonly Call[]): Promise<void> {
    const spins = calls.some(({ name }) => isSpin(name));
    const { during, gaveWay, outcome } = await this.#until(watched(this.#player.play(calls)), spins, () =>
      this.#next(),
    );
    const taken = this.#world.taken;
    const entry = { is: "calls", calls, during, gaveWay, taken } as const;
    this.#entries.push({ ...entry, outcome: outcomeOf(outcome, this.#world.controller.signal) });
    this.#isOver ||= outcome === undefined || "error" in outcome;
  }

  /** What happens next by the trace, whoever waits: what the guest has still to call comes later. */
  #next(): Happening | undefined {
    const { steps } = this.#trace;
    for (let at = this.#at; at < steps.length; at++) {
      const step = steps[at];
      if (!step || "calls" in step) continue;
      this.#trace = { ...this.#trace, steps: steps.toSpliced(at, 1) };
      return step;
    }
    return undefined;
  }

  /** Lets things happen until that is settled. */
  async #until<T>(
    underway: Underway<T>,
    spins: boolean,
    next: () => Happening | undefined,
  ): Promise<{ during: Happening[]; gaveWay: boolean; outcome: Underway<T>["outcome"] }> {
    const { loop } = this.#world;
    const during: Happening[] = [];
    let gaveWay = false;
    let hasTurned = false;
    const rescue = this.#rescue();
    for (;;) {
      await rest();
      if (underway.outcome) break;
      // A guest that spins on asks again before something else happens; any other is not to notice.
      if (loop.isWaitedFor && !(spins && hasTurned)) {
        gaveWay = hasTurned = true;
        loop.run();
        continue;
      }
      hasTurned = false;
      const happening = next() ?? rescue.next().value;
      if (!happening) break;
      during.push(happening);
      this.#world.happen(happening);
    }
    return { during, gaveWay: gaveWay && !spins, outcome: underway.outcome };
  }

  /** Lets everything go on, again and again, as long as anything moves. */
  *#rescue(): Generator<Happening, undefined> {
    let idle = 0;
    for (let before = ""; idle < IDLE_ROUNDS;) {
      yield* RESCUE;
      const after = this.#world.progress;
      idle = after === before ? idle + 1 : 0;
      before = after;
    }
    return undefined;
  }

  async #end(): Promise<Remains> {
    const { during, outcome } = await this.#until(watched(this.#player.close()), false, () => undefined);
    // What was under way when the guest was aborted still ends.
    while (this.#world.file.underway > 0) {
      this.#world.file.carryOut();
      await rest();
    }
    const { sinks, held } = this.#world;
    return {
      during,
      file: this.#world.fileContent,
      delivered: sinks.map((sink) => sink.bytes()),
      ends: sinks.map(({ end }) => end),
      held,
      isDone: outcome !== undefined,
    };
  }
}

function outcomeOf(outcome: Underway<readonly Answer[]>["outcome"], signal: AbortSignal): Outcome {
  if (outcome === undefined) return { is: "stuck" };
  if ("value" in outcome) return { is: "answered", answers: outcome.value };
  return { is: "ended", how: howOf(outcome.error, signal) };
}

function howOf(error: unknown, signal: AbortSignal): string {
  if (signal.aborted && error === signal.reason) return "aborted";
  if (error instanceof Trap) return error.rule;
  if (error instanceof ExitError) return `exit ${error.code}`;
  if (error instanceof WebAssembly.RuntimeError && error.message === "unreachable") return "unreachable";
  return `unexpected ${String(error)}`;
}
