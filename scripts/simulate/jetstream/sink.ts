/** A sink whose stream becomes full, is sealed, deleted, or taken by somebody else: what it has called flushed is there. */
import { PeerClosed } from "../../../src/io/ports.ts";
import { woken } from "../../../src/io/steps.ts";
import { BrokerError, FencedError } from "../../../src/nats/broker-error.ts";
import { LogSink } from "../../../src/nats/log-sink.ts";
import { Random } from "../../random.ts";
import type { ModelStream } from "./broker.ts";
import { making, newStream, type Body } from "./sim-log.ts";
import { Process, World } from "./world.ts";

const CALM_FROM_MS = 10_000;
const KINDS = ["none", "full", "sealed", "gone", "taken"] as const;

/** What is wrong with a sink of a seed; nothing if all is as it has to be. */
export async function wrongSink(seed: number): Promise<string | undefined> {
  const play = new Play(new Random(seed));
  return (await play.play()) ? play.wrong() : "the sink never comes to its end";
}

class Play {
  readonly #random: Random;
  readonly #world: World;
  readonly #process = new Process();
  readonly #stream: ModelStream<Body>;
  readonly #kind: (typeof KINDS)[number];
  /** All that the sink has taken. */
  readonly #taken: number[] = [];
  #flushed = 0;
  #wrong: string | undefined;
  #failure: unknown;
  #isOver = false;

  constructor(random: Random) {
    this.#random = random;
    this.#world = new World(random, CALM_FROM_MS);
    this.#kind = random.of(KINDS);
    this.#stream = newStream(random);
    this.#world.later(random.below(CALM_FROM_MS / 2), () => this.#strike());
    this.#write().then(
      () => (this.#isOver = true),
      (error: unknown) => {
        this.#failure = error;
        this.#isOver = true;
      },
    );
  }

  play(): Promise<boolean> {
    return this.#world.until(() => this.#isOver);
  }

  #strike(): void {
    const stream = this.#stream;
    if (this.#kind === "full") stream.mostMessages = stream.messages.length;
    else if (this.#kind === "sealed") stream.isSealed = true;
    else if (this.#kind === "gone") stream.isGone = true;
    else if (this.#kind === "taken") {
      stream.publish({ subject: "out", body: { data: NONE, mark: undefined }, id: undefined }, this.#world.now);
    }
  }

  async #write(): Promise<void> {
    const [world, random] = [this.#world, this.#random];
    const timing = world.timing(this.#process);
    const log = making.log(world, this.#process, this.#stream, "out", true);
    const options = { writer: "w", after: 0, offset: 0, full: "fail", giveUpMs: Infinity, timing } as const;
    const sink = new LogSink(log, { windowBytes: 20, messageBytes: 4, cut: "soon" }, options);
    /* oxlint-disable no-await-in-loop -- as a guest waits */
    for (let count = random.from(5, 40); count > 0; count--) {
      const bytes = random.bytes(random.from(1, 9));
      for (let at = 0; at < bytes.length;) {
        const taken = sink.write(bytes.subarray(at));
        this.#taken.push(...bytes.subarray(at, at + taken));
        at += taken;
        if (taken === 0) await woken(sink);
      }
      if (sink.bytesPending > 20) this.#wrong ??= "more is pending than the window";
      if (random.once(3)) {
        while (!sink.flush()) await woken(sink);
        this.#flushed = this.#taken.length;
        if (this.#kind !== "gone" && this.#stored().length < this.#flushed)
          this.#wrong ??= "what is flushed is not there";
      }
      if (random.once(3)) await timing.wait(random.below(1000));
    }
    /* oxlint-enable no-await-in-loop */
    await sink.end(0);
    this.#flushed = this.#taken.length;
  }

  #stored(): number[] {
    return this.#stream.messages.filter(({ body }) => body.mark).flatMap(({ body }) => [...body.data]);
  }

  wrong(): string | undefined {
    const stored = this.#stored();
    if (this.#wrong !== undefined) return this.#wrong;
    if (!stored.every((byte, at) => byte === this.#taken[at])) return "what is there is not what was written";
    if (stored.length < this.#flushed) return `${this.#flushed} bytes were flushed, ${stored.length} are there`;
    return this.#isExpected() ? undefined : `it was ${this.#kind}, and ended with ${String(this.#failure)}`;
  }

  /** It may be over before something happens. */
  #isExpected(): boolean {
    const failure = this.#failure;
    if (failure === undefined) return this.#flushed === this.#taken.length;
    if (this.#kind === "sealed") return failure instanceof PeerClosed;
    if (this.#kind === "taken") return failure instanceof FencedError;
    const kind = failure instanceof BrokerError ? failure.kind : undefined;
    return kind === (this.#kind === "full" ? "full" : this.#kind === "gone" ? "refused" : "none");
  }
}

const NONE = new Uint8Array(0);
