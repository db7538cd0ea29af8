/** From a seed to a trace. */
import type { Random } from "../random.ts";
import {
  FIRST_INPUT,
  FIRST_POLLABLE,
  type Call,
  type CallName,
  type DiskSetup,
  type Happening,
  type Setup,
  type SinkSetup,
  type SourceSetup,
  type Step,
  type Trace,
} from "./calls.ts";

export function traceOf(random: Random): Trace {
  const setup = setupOf(random);
  const generator = new Generator(random, setup);
  const steps: Step[] = [{ calls: generator.opening() }];
  const count = random.from(4, 24);
  for (let index = 0; index < count; index++) {
    steps.push(random.once(3) ? generator.happening() : { calls: generator.calls() });
  }
  return { setup, steps };
}

function rarely(random: Random, times: number, most: number): number {
  return random.once(times) ? random.below(most) : Infinity;
}

function setupOf(random: Random): Setup {
  const bufferBytes = random.of([1, 7, 64, 1000, 5000, 65_536]);
  return {
    bufferBytes,
    readBytes: random.of([1, 50, 65_536]),
    budget: random.once(8),
    sinks: [sinkOf(random, bufferBytes), sinkOf(random, bufferBytes)],
    source: sourceOf(random),
    disk: diskOf(random),
    msPerLook: random.of([0, 0, 10]),
  };
}

function sinkOf(random: Random, bufferBytes: number): SinkSetup {
  const most = Math.min(3 * bufferBytes, 9000);
  return {
    failAt: rarely(random, 6, most),
    closeAt: rarely(random, 8, most),
    stallAt: random.once(2) ? random.of([0, random.below(most)]) : Infinity,
    writeBytes: random.once(4) ? random.from(1, 1 + bufferBytes) : Infinity,
    onFlush: random.once(3),
    holdsFlush: random.once(4),
    blocks: random.once(4),
  };
}

function sourceOf(random: Random): SourceSetup {
  return {
    bytes: random.of([0, 10, 300, 6000]),
    failAt: rarely(random, 6, 400),
    endAt: rarely(random, 6, 400),
    stallAt: rarely(random, 3, 300),
    readBytes: random.once(3) ? random.from(1, 40) : Infinity,
    blocks: random.once(4),
  };
}

function diskOf(random: Random): DiskSetup {
  const later = random.once(2);
  return {
    later,
    // What is done later takes a happening for each piece.
    pieceBytes: random.once(2) ? (later ? random.from(1000, 5000) : random.from(1, 100)) : Infinity,
    failAfter: random.once(3) ? random.below(6) : Infinity,
  };
}

type Weights = readonly (readonly [weight: number, name: CallName])[];

const WEIGHTS: Weights = [
  [2, "get-stdout"],
  [1, "get-stderr"],
  [1, "get-stdin"],
  [3, "drop"],
  [6, "subscribe"],
  [6, "timer"],
  [14, "check-write"],
  [20, "write"],
  [1, "write-raw"],
  [2, "write-zeroes"],
  [5, "flush"],
  [4, "blocking-flush"],
  [4, "blocking-write-and-flush"],
  [1, "blocking-write-zeroes-and-flush"],
  [4, "splice"],
  [2, "blocking-splice"],
  [6, "read"],
  [3, "blocking-read"],
  [2, "skip"],
  [1, "blocking-skip"],
  [8, "ready"],
  [4, "block"],
  [6, "poll"],
  [1, "open-read"],
  [1, "open-write"],
  [1, "open-append"],
];

const TOTAL = WEIGHTS.reduce((sum, [weight]) => sum + weight, 0);

class Generator {
  readonly #random: Random;
  readonly #setup: Setup;
  #serial = 0;

  constructor(random: Random, setup: Setup) {
    this.#random = random;
    this.#setup = setup;
  }

  /** Most guests have their streams. */
  opening(): Call[] {
    const calls = [call("get-stdout", 0), call("get-stdin", FIRST_INPUT), call("subscribe", 0, FIRST_POLLABLE)];
    if (this.#random.once(2)) calls.push(call("get-stdout", 1));
    if (this.#random.once(2)) calls.push(call("get-stderr", 2), call("subscribe", 2, FIRST_POLLABLE + 2));
    if (this.#random.once(2)) calls.push(call("subscribe", FIRST_INPUT, FIRST_POLLABLE + 1));
    if (this.#random.once(4)) calls.push(call("open-write", 3), call("subscribe", 3, FIRST_POLLABLE + 3));
    if (this.#random.once(4)) calls.push(call("open-read", 6));
    return calls;
  }

  calls(): Call[] {
    const random = this.#random;
    if (random.once(25)) return [this.#last()];
    if (random.once(10)) return [this.#spin()];
    const calls: Call[] = [];
    const count = random.from(1, 10);
    while (calls.length < count) {
      const next = this.#call();
      // As guests do it, most of the time.
      if (next.name === "write" && !random.once(6)) calls.push(call("check-write", next.a));
      calls.push(next);
      // A timer is there to wait for, or for standard input, whichever comes first.
      if (next.name === "timer" && random.once(2)) {
        calls.push(call("subscribe", FIRST_INPUT, FIRST_POLLABLE + 1));
        calls.push(call("poll", (1 << (next.a - FIRST_POLLABLE)) | 2));
      }
    }
    return calls;
  }

  #last(): Call {
    const random = this.#random;
    const name = random.of(["exit", "trap", "unknown-handle", "write-raw", "poll"] as const);
    if (name === "exit") return call(name, random.below(3));
    if (name === "write-raw") return call(name, this.#output(), random.below(9000), this.#serial++);
    return call(name, name === "poll" ? 512 : 0);
  }

  #spin(): Call {
    const name = this.#random.of(["spin-check-write", "spin-read", "spin-ready"] as const);
    if (name === "spin-check-write") return call(name, this.#output());
    if (name === "spin-read") return call(name, this.#input(), 1 + this.#bytes());
    return call(name, this.#pollable());
  }

  #call(): Call {
    const random = this.#random;
    const name = this.#name();
    switch (name) {
      case "get-stdout":
        return call(name, random.below(2));
      case "get-stderr":
        return call(name, 2);
      case "get-stdin":
        return call(name, this.#input());
      case "drop":
        return call(name, random.once(3) ? random.of([0, 1, 2, 3, 4, 5, 6]) : this.#pollable());
      case "subscribe":
        return call(name, random.once(3) ? this.#input() : this.#output(), this.#pollable());
      case "open-read":
        return call(name, random.of([5, 6]), random.of([0, 10, 400]));
      case "open-write":
      case "open-append":
        return call(name, random.of([1, 3]), random.of([0, 10, 400]));
      case "timer":
        return call(name, this.#pollable(), random.of([0, 1, random.below(100), 1000]));
      case "ready":
      case "block":
        return call(name, this.#pollable());
      case "poll":
        return call(name, random.once(3) ? 1 << random.below(4) : random.below(512));
      case "read":
      case "blocking-read":
      case "skip":
      case "blocking-skip":
        return call(name, this.#input(), this.#bytes());
      case "splice":
      case "blocking-splice":
        return call(name, this.#output(), this.#input(), this.#bytes());
      default:
        return call(name, this.#output(), this.#bytesFor(name), this.#serial++ & 0xff);
    }
  }

  #name(): CallName {
    let at = this.#random.below(TOTAL);
    for (const [weight, name] of WEIGHTS) {
      at -= weight;
      if (at < 0) return name;
    }
    return "check-write";
  }

  #output(): number {
    return this.#random.of([0, 0, 0, 1, 2, 3]);
  }

  #input(): number {
    return FIRST_INPUT + (this.#random.once(4) ? this.#random.from(1, 2) : 0);
  }

  #pollable(): number {
    return FIRST_POLLABLE + this.#random.below(this.#random.once(4) ? 8 : 4);
  }

  #bytes(): number {
    const { bufferBytes } = this.#setup;
    return this.#random.of([0, 1, this.#random.below(20), this.#random.below(300), bufferBytes, 100_000]);
  }

  #bytesFor(name: CallName): number {
    const { bufferBytes } = this.#setup;
    const random = this.#random;
    if (name === "write") return random.of([0, 1, 5, random.below(300), Math.min(bufferBytes, 9000), 4096, 4097]);
    if (name.startsWith("blocking"))
      return random.of([0, 1, random.below(300), random.below(4096), 4096, 4097 - random.below(20)]);
    return random.of([0, 1, random.from(1, Math.min(bufferBytes, 9000)), random.below(200)]);
  }

  happening(): Happening {
    const random = this.#random;
    const at = random.once(3) ? 1 : 0;
    const bytes = random.of([0, 1, random.below(50), random.below(5000), Infinity]);
    switch (random.below(16)) {
      case 0:
        return { event: "stall", at };
      case 1:
        return { event: random.of(["fail", "leave"]), at };
      case 2:
      case 3:
        return { event: "supply", bytes: random.below(200) };
      case 4:
        return { event: "release-source", bytes };
      case 5:
        return { event: random.of(["end", "fail-source"]) };
      case 6:
        return { event: random.once(10) ? "abort" : "turn" };
      case 7:
        return { event: random.of(["turn", "fire-early"]) };
      case 8:
      case 9:
        return { event: "advance", ns: random.of([1, random.below(60)]) };
      case 10:
        return { event: "disk" };
      default:
        return { event: "release", at, bytes };
    }
  }
}

function call(name: CallName, a: number, b = 0, c = 0): Call {
  return { name, a, b, c };
}
