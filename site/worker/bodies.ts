/** What one guest asks another: bodies on their way, which all pass one gate. */
import { Pipe, type HttpBody, type Level } from "sluice";
import type { ChannelFrame, ChannelPlan } from "../protocol.ts";
import { CHAMBER_BYTES, emptyLevel, type Stream, type Writer } from "./channel.ts";
import { WatchedSource } from "./ends.ts";
import { Gate } from "./gate.ts";
import { PIECE_BYTES, Pump } from "./pump.ts";

/** One body. */
interface Flow {
  readonly gate: Gate;
  readonly pump: Pump;
  readonly source: WatchedSource;
  readonly writer: Writer;
}

/** The bodies of all requests, or of all responses, between two guests. */
export class Bodies implements Stream {
  readonly plan: ChannelPlan;
  readonly #bufferBytes: number;
  #rate: number;
  #flows: readonly Flow[] = [];
  /** Of those that are over. */
  #passedBytes = 0;

  constructor(plan: ChannelPlan, bufferBytes: number) {
    this.plan = plan;
    this.#bufferBytes = bufferBytes;
    this.#rate = plan.rate;
  }

  /** What its reader is given in the place of a body. */
  pass(body: HttpBody): HttpBody {
    const pipe = new Pipe(CHAMBER_BYTES);
    const gate = new Gate(pipe.sink, this.#rate);
    const source = new WatchedSource(pipe.source, false);
    const pump = new Pump(body.source, gate);
    this.#flows = [...this.#flows, { gate, pump, source, writer: writerOf(body, pump) }];
    this.#share();
    return { source, length: body.length, trailers: () => body.trailers() };
  }

  set rate(rate: number) {
    this.#rate = rate;
    this.#share();
  }

  let(bytes: number): void {
    this.#flows[0]?.gate.let(bytes);
  }

  tick(ms: number): void {
    for (const { gate } of this.#flows) gate.tick(ms);
  }

  frame(): ChannelFrame {
    const over = this.#flows.filter(({ pump }) => pump.isOver);
    if (over.length > 0) {
      this.#passedBytes += passedBy(over);
      this.#flows = this.#flows.filter((flow) => !over.includes(flow));
      this.#share();
    }
    const levels = this.#flows.map(({ writer }) => writer.level());
    const { isAwaited: writerWaits, ...level } = levels.length === 0 ? emptyLevel(this.#bufferBytes) : sumOf(levels);
    const passedBytes = this.#passedBytes + passedBy(this.#flows);
    const readerWaits = this.#flows.some(({ source }) => source.isAwaited);
    return { ...level, writerWaits, readerWaits, passedBytes, writtenBytes: passedBytes + level.bufferedBytes };
  }

  /** Those that flow at a time share what the gate lets through. */
  #share(): void {
    for (const { gate } of this.#flows) gate.rate = this.#rate / this.#flows.length;
  }
}

function passedBy(flows: readonly Flow[]): number {
  return flows.reduce((sum, { gate }) => sum + gate.passedBytes, 0);
}

function sumOf(levels: readonly Level[]): Level {
  const sum = (of: (level: Level) => number): number => levels.reduce((total, level) => total + of(level), 0);
  const isFlushing = levels.some(({ state }) => state === "flushing");
  return {
    state: isFlushing ? "flushing" : (levels[0]?.state ?? "open"),
    bufferedBytes: sum(({ bufferedBytes }) => bufferedBytes),
    capacityBytes: sum(({ capacityBytes }) => capacityBytes),
    permittedBytes: sum(({ permittedBytes }) => permittedBytes),
    isAwaited: levels.some(({ isAwaited }) => isAwaited),
  };
}

/**
 * Who writes a body. What the pump has taken of it is not delivered before the gate has let it through. Of a body that only
 * passes a guest nothing else is held.
 */
export function writerOf(body: HttpBody | undefined, pump: Pump | undefined): Writer {
  const level = (): Level => {
    const known = body?.level?.();
    const heldBytes = pump?.heldBytes ?? 0;
    if (known) return { ...known, bufferedBytes: known.bufferedBytes + heldBytes };
    return { ...emptyLevel(PIECE_BYTES), bufferedBytes: heldBytes, permittedBytes: PIECE_BYTES - heldBytes };
  };
  const writtenBytes = (): number => (pump ? pump.takenBytes - pump.heldBytes + level().bufferedBytes : 0);
  return { level, writtenBytes };
}
