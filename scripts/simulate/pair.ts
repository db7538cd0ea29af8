/* oxlint-disable no-await-in-loop -- one thing happens after the other */
/**
 * Two guests, each of whose output is the other's input: what one writes the other reads, in order and nothing else; who waits
 * goes on when the other moves, or is over; and both end, whichever ends first.
 */
import { nodePlatform } from "../../src/hosts/node/platform.ts";
import { Pipe } from "../../src/io/pipe.ts";
import type { Sink, Source } from "../../src/io/ports.ts";
import { FakeClock } from "../../src/testing/index.ts";
import { Random } from "../random.ts";
import { byteOf, FIRST_INPUT, FIRST_POLLABLE, hashOf, writes, type Answer, type Call, type CallName } from "./calls.ts";
import { playerOn, watched, type GuestWay, type Player, type Underway } from "./play.ts";
import { FakeLoop, rest } from "./world.ts";

/** Both ends of what is between them. */
export interface Ends {
  readonly source: Source;
  readonly sink: Sink;
}

/** What makes a pipe: another may be put in its place, to see that it is found. */
export const making: { pipe(capacityBytes: number): Ends } = { pipe: (capacityBytes) => new Pipe(capacityBytes) };

interface GuestSetup {
  readonly way: GuestWay;
  readonly bufferBytes: number;
  readonly readBytes: number;
}

export interface PairTrace {
  readonly capacityBytes: readonly [number, number];
  readonly guests: readonly [GuestSetup, GuestSetup];
  readonly steps: readonly { readonly who: 0 | 1; readonly calls: readonly Call[] }[];
  /** Who ends first, while the other reads on; or both at once, and nobody reads. */
  readonly end: 0 | 1 | "both";
}

const GUEST_WAYS = ["general", "fast", "leased"] as const;
/** Its own, to read what is left. */
const LAST_INPUT = 7;
/** Of which each may bring one byte. */
const READS_A_ROUND = 20;
const MANY_ROUNDS = 1000;

export function pairOfSeed(seed: number): PairTrace {
  const random = new Random(seed);
  const guest = (): GuestSetup => ({
    way: random.of(GUEST_WAYS),
    bufferBytes: random.of([1, 7, 64, 5000]),
    readBytes: random.of([1, 50, 65_536]),
  });
  const capacity = (): number => random.of([1, 10, 300, 4096]);
  let serial = 0;
  const opening = [
    call("get-stdout", 0),
    call("get-stdin", FIRST_INPUT),
    call("subscribe", 0, 8),
    call("subscribe", 4, 9),
  ];
  const steps = Array.from({ length: random.from(6, 30) }, () => {
    const calls = Array.from({ length: random.from(1, 6) }, () => randomCall(random, serial++ & 0xff)).flat();
    return { who: random.of([0, 1] as const), calls };
  });
  return {
    capacityBytes: [capacity(), capacity()],
    guests: [guest(), guest()],
    steps: [{ who: 0, calls: opening }, { who: 1, calls: opening }, ...steps],
    end: random.of([0, 1, "both"] as const),
  };
}

function randomCall(random: Random, serial: number): Call[] {
  const bytes = random.of([1, random.below(20), random.below(300), random.below(4097)]);
  const name = random.of([
    ...(["write", "write", "write", "flush", "blocking-flush", "blocking-write-and-flush"] as const),
    ...(["write-zeroes", "read", "read", "blocking-read", "skip", "blocking-skip", "block", "poll", "exit"] as const),
  ]);
  switch (name) {
    case "exit":
      return random.once(6) ? [call(name, random.below(2))] : [];
    case "write":
      return [call("check-write", 0), call(name, 0, bytes, serial)];
    case "write-zeroes":
      // One byte may be permitted at any time that something is.
      return [call("block", FIRST_POLLABLE), call(name, 0, 1)];
    case "block":
      return [call(name, FIRST_POLLABLE + random.below(2))];
    case "poll":
      return [call(name, random.from(1, 3))];
    default:
      return [call(name, name.includes("read") || name.includes("skip") ? FIRST_INPUT : 0, bytes, serial)];
  }
}

function call(name: CallName, a: number, b = 0, c = 0): Call {
  return { name, a, b, c };
}

/** What is wrong with two guests of a trace; nothing if all is as it has to be. */
export async function wrongPair(trace: PairTrace): Promise<string | undefined> {
  const pair = await Pair.start(trace);
  return pair.play();
}

class Side {
  readonly player: Player;
  readonly loop: FakeLoop;
  readonly clock: FakeClock;
  /** What it has written, as far as that is known: not of a call that has failed, or is under way. */
  readonly written: number[] = [];
  isWrittenKnown = true;
  /** In order. A skip has no hash. */
  readonly reads: { readonly count: number; readonly hash: number | undefined }[] = [];
  isReadKnown = true;
  underway: { readonly calls: readonly Call[]; readonly played: Underway<readonly Answer[]> } | undefined;
  isOver = false;
  /** Whether it was told that there is nothing more. */
  hasEnded = false;

  constructor(player: Player, loop: FakeLoop, clock: FakeClock) {
    this.player = player;
    this.loop = loop;
    this.clock = clock;
  }

  get readBytes(): number {
    return this.reads.reduce((sum, { count }) => sum + count, 0);
  }

  begin(calls: readonly Call[]): void {
    this.underway = { calls, played: watched(this.player.play(calls)) };
  }

  /** Takes down what has been answered. */
  collect(): void {
    const { underway } = this;
    const outcome = underway?.played.outcome;
    if (!underway || !outcome) return;
    this.underway = undefined;
    if ("error" in outcome) {
      this.isOver = true;
      // It has made some of these calls.
      this.isWrittenKnown = this.isReadKnown = false;
      return;
    }
    for (const [index, answer] of outcome.value.entries()) this.#note(underway.calls[index], answer);
  }

  #note(made: Call | undefined, { status, count, hash }: Answer): void {
    if (!made || status === "skipped") return;
    const { name, c } = made;
    if (writes(name)) {
      if (status !== "ok") this.isWrittenKnown = false;
      else for (let at = 0; at < count; at++) this.written.push(name.includes("zeroes") ? 0 : byteOf(c, at));
    } else if (name.includes("read") || name.includes("skip")) {
      if (status === "ok") this.reads.push({ count, hash: name.includes("read") ? hash : undefined });
      else this.hasEnded = true;
    }
  }
}

class Pair {
  readonly #trace: PairTrace;
  readonly #sides: readonly [Side, Side];

  private constructor(trace: PairTrace, sides: readonly [Side, Side]) {
    this.#trace = trace;
    this.#sides = sides;
  }

  static async start(trace: PairTrace): Promise<Pair> {
    const [there, back] = trace.capacityBytes.map((bytes) => making.pipe(bytes)) as [Ends, Ends];
    const side = async ({ way, bufferBytes, readBytes }: GuestSetup, input: Ends, output: Ends): Promise<Side> => {
      const [loop, clock] = [new FakeLoop(0), new FakeClock()];
      const limits = { bufferBytes, readBytes };
      const platform = { ...nodePlatform, loop, monotonicClock: clock };
      return new Side(await playerOn(way, platform, { stdin: input.source, stdout: output.sink, limits }), loop, clock);
    };
    return new Pair(trace, [await side(trace.guests[0], back, there), await side(trace.guests[1], there, back)]);
  }

  async play(): Promise<string | undefined> {
    for (const { who, calls } of this.#trace.steps) {
      const side = this.#sides[who];
      if (side.isOver || side.underway) continue;
      side.begin(calls);
      await this.#settle();
      const held = this.#tooMuch();
      if (held !== undefined) return held;
    }
    return (await this.#end()) ?? this.#wrongBytes();
  }

  /** Lets both go on until neither moves any more. */
  async #settle(): Promise<void> {
    for (let isMoving = true; isMoving;) {
      await rest();
      isMoving = false;
      for (const { loop } of this.#sides) {
        if (!loop.isWaitedFor) continue;
        loop.run();
        isMoving = true;
      }
    }
    for (const side of this.#sides) side.collect();
  }

  /** What is on its way has room: in the writer's buffer, and in the pipe. */
  #tooMuch(): string | undefined {
    const { capacityBytes, guests } = this.#trace;
    for (const at of [0, 1] as const) {
      const [writer, reader] = [this.#sides[at], this.#sides[1 - at] as Side];
      if (writer.underway || reader.underway || !writer.isWrittenKnown || !reader.isReadKnown) continue;
      const held = writer.written.length - reader.readBytes;
      const room = capacityBytes[at] + guests[at].bufferBytes;
      if (held < 0 || held > room)
        return `guest ${at} is ${held} bytes ahead of its reader, at most ${room} may be held`;
    }
    return undefined;
  }

  async #end(): Promise<string | undefined> {
    const { end } = this.#trace;
    const first = end === "both" ? 0 : end;
    const [one, other] = [this.#sides[first], this.#sides[1 - first] as Side];
    const ending = watched(one.player.close());
    if (end !== "both") {
      await this.#settle();
      if (other.underway) return `guest ${1 - first} still waits, though the other is over`;
      const wrong = await this.#readOn(other);
      if (wrong !== undefined) return wrong;
    }
    const last = watched(other.player.close());
    await this.#settle();
    if (!ending.outcome || !last.outcome) return "the end never comes";
    for (const { loop, clock } of this.#sides) {
      if (loop.isWaitedFor || clock.pending > 0) return "something is held at the end";
    }
    return undefined;
  }

  /** Reads what is left, to the end. */
  async #readOn(side: Side): Promise<string | undefined> {
    for (let round = 0; !side.hasEnded && !side.isOver; round++) {
      if (round > MANY_ROUNDS) return "what is left is never at its end";
      const reads = Array.from({ length: READS_A_ROUND }, () => call("blocking-read", LAST_INPUT, 5000));
      side.begin([call("get-stdin", LAST_INPUT), ...reads]);
      await this.#settle();
      if (side.underway) return "a reader waits, though the writer is over";
    }
    return undefined;
  }

  #wrongBytes(): string | undefined {
    for (const at of [0, 1] as const) {
      const [{ written, isWrittenKnown }, reader] = [this.#sides[at], this.#sides[1 - at] as Side];
      let from = 0;
      for (const { count, hash } of reader.reads) {
        const isKnown = from + count <= written.length;
        if (!isKnown && isWrittenKnown) return `more is read than guest ${at} has written`;
        const start = from;
        if (isKnown && hash !== undefined && hash !== hashOf(count, (index) => written[start + index] ?? 0)) {
          return `other bytes are read than guest ${at} has written, from ${start} on`;
        }
        from += count;
      }
      if (reader.hasEnded && reader.isReadKnown && from < written.length) {
        return `guest ${at} has written ${written.length} bytes, and ${from} were read to the end`;
      }
    }
    return undefined;
  }
}
