/** One stream of a run: who writes it, the gate in it, and who reads it. */
import { Pipe, type Level } from "sluice";
import type { TerminalStreams } from "sluice/terminal";
import type { ChannelFrame, ChannelPlan } from "../protocol.ts";
import { Feeder, Screen, WatchedSource } from "./ends.ts";
import { Gate } from "./gate.ts";
import { Pump } from "./pump.ts";

/** How much lies between a gate and the guest behind it. */
export const CHAMBER_BYTES = 4096;

/** What a guest writes by. */
export interface Writer {
  level(): Level;
  writtenBytes(): number;
}

/** One of the streams of a run. */
export interface Stream {
  readonly plan: ChannelPlan;
  /** Bytes a second that its gate lets through. */
  set rate(rate: number);
  /** Lets so many more through, whatever the rate. */
  let(bytes: number): void;
  /** @param ms Since the last one. */
  tick(ms: number): void;
  /** @param writer Missing if no guest writes yet, or the stream knows who does. */
  frame(writer: Writer | undefined, bufferBytes: number): ChannelFrame;
}

export class Channel implements Stream {
  readonly plan: ChannelPlan;
  readonly gate: Gate;
  /** What the guest reads to which it leads, if it leads to one. */
  readonly source: WatchedSource | undefined;
  readonly screen = new Screen();
  /** What is typed for it, if it comes from there. */
  readonly feeder: Feeder | undefined;
  readonly #typed: Pump | undefined;

  /** @param terminals By their numbers in the plan. */
  constructor(plan: ChannelPlan, terminals: readonly TerminalStreams[]) {
    this.plan = plan;
    const { from, to, rate } = plan;
    const pipe = to.is === "guest" ? new Pipe(CHAMBER_BYTES) : undefined;
    const shown = to.is === "terminal" ? terminals[to.terminal]?.stdout : undefined;
    const typed = from.is === "terminal" ? terminals[from.terminal]?.stdin : undefined;
    this.gate = new Gate(shown ?? pipe?.sink ?? this.screen, rate, shown !== undefined);
    this.source = pipe && new WatchedSource(pipe.source, typed !== undefined);
    this.#typed = typed && new Pump(typed, this.gate);
    if (from.is !== "input") return;
    this.feeder = new Feeder(this.gate);
    this.feeder.add(from.bytes, !from.isLive);
  }

  set rate(rate: number) {
    this.gate.rate = rate;
  }

  let(bytes: number): void {
    this.gate.let(bytes);
  }

  tick(ms: number): void {
    this.gate.tick(ms);
  }

  frame(writer: Writer | undefined, bufferBytes: number): ChannelFrame {
    const { passedBytes } = this.gate;
    const passed = { passedBytes, readerWaits: this.source?.isAwaited ?? false };
    if (this.feeder) {
      return { ...inputLevel(this.feeder), ...passed, writerWaits: false, writtenBytes: this.feeder.writtenBytes };
    }
    if (this.#typed) {
      const { heldBytes, takenBytes, isOver } = this.#typed;
      const level = inputLevel({ bufferedBytes: heldBytes, writtenBytes: takenBytes, isOver });
      return { ...level, ...passed, writerWaits: false, writtenBytes: takenBytes };
    }
    const { isAwaited, ...level } = writer?.level() ?? emptyLevel(bufferBytes);
    return { ...level, ...passed, writerWaits: isAwaited, writtenBytes: writer?.writtenBytes() ?? 0 };
  }
}

export function emptyLevel(bufferBytes: number): Level {
  return {
    state: "open",
    bufferedBytes: 0,
    capacityBytes: bufferBytes,
    permittedBytes: bufferBytes,
    isAwaited: false,
  };
}

/** What is typed waits in a basin that is as large as it has to be. */
function inputLevel({
  bufferedBytes,
  writtenBytes,
  isOver,
}: Pick<Feeder, "bufferedBytes" | "writtenBytes" | "isOver">): Omit<Level, "isAwaited"> {
  return {
    state: isOver ? "closed" : "open",
    bufferedBytes,
    capacityBytes: Math.max(writtenBytes, 1),
    permittedBytes: 0,
  };
}
