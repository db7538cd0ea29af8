/** What an instance in one thread, and what was kept of it in the other, say to each other. */
import type { Bell, Hearing } from "./bell.ts";
import type { Answers, Channel } from "./channel.ts";
import { InputFeed, RingSource } from "./ring-input.ts";
import { OutputPump, RingSink } from "./ring-output.ts";
import { wireAt, type RingPlace } from "./shared-streams.ts";
import type { Sink, Source } from "../../io/ports.ts";

/** The thread on the other side. */
export interface OtherThread {
  readonly channel: Pick<Channel, "call" | "callNow" | "tell">;
  /** Rung for this thread. */
  readonly own: Bell;
  /** Rung for the other. */
  readonly other: Bell;
  /** Of `own`. */
  readonly hearing: Hearing;
  /** Memory for rings of these sizes, which both threads have or are given, each as `ringBytes` gives them. */
  readonly places: (capacities: readonly number[]) => RingPlace[];
}

/** One side of an instance: there is one for it in each of the two threads, under the same number. */
export class Link {
  readonly #thread: OtherThread;
  readonly #number: number;
  readonly #answers = new Map<string, Answers[string]>();

  constructor(thread: OtherThread, number: number) {
    this.#thread = thread;
    this.#number = number;
  }

  /** What the other side may call. */
  answer(answers: Answers): void {
    for (const [name, run] of Object.entries(answers)) this.#answers.set(name, run);
  }

  call(name: string, ...args: readonly unknown[]): Promise<unknown> {
    return this.#thread.channel.call("of", this.#number, name, args);
  }

  /** As `Channel.callNow`. */
  callNow(name: string, ...args: readonly unknown[]): unknown {
    return this.#thread.channel.callNow("of", this.#number, name, args);
  }

  tell(name: string, ...args: readonly unknown[]): void {
    this.#thread.channel.tell("of", this.#number, name, args);
  }

  /** What the other side calls. */
  hear(name: string, args: readonly unknown[]): unknown {
    const run = this.#answers.get(name);
    if (!run) throw new Error(`The other thread asks for ${name}, which is not there`);
    return run(...(args as never[]));
  }

  /** Memory for a ring of each of these sizes. */
  places<const T extends readonly number[]>(capacities: T): { readonly [K in keyof T]: RingPlace } {
    // One for each.
    return this.#thread.places(capacities) as { readonly [K in keyof T]: RingPlace };
  }

  /** What the other side feeds. */
  source(place: RingPlace, isTerminal?: boolean): RingSource {
    const { own, other, hearing } = this.#thread;
    return new RingSource(wireAt(place, own, other), hearing, isTerminal);
  }

  /** What the other side hands on. */
  sink(place: RingPlace, isTerminal?: boolean): RingSink {
    const { own, other, hearing } = this.#thread;
    return new RingSink(wireAt(place, own, other), hearing, isTerminal);
  }

  /** Feeds `source` to the other side. @param onEnd As that of `InputFeed`. */
  feed(place: RingPlace, source: Source, onEnd?: (hasEnded: boolean) => void): InputFeed {
    const { own, other, hearing } = this.#thread;
    return new InputFeed(wireAt(place, other, own), hearing, source, onEnd);
  }

  /** Hands on to `sink` what the other side writes. */
  pump(place: RingPlace, sink: Sink): OutputPump {
    const { own, other, hearing } = this.#thread;
    return new OutputPump(wireAt(place, other, own), hearing, sink);
  }
}

/** Those of a thread. */
export class Links {
  readonly #links = new Map<number, Link>();

  open(thread: OtherThread, number: number): Link {
    const link = new Link(thread, number);
    this.#links.set(number, link);
    return link;
  }

  close(number: number): void {
    this.#links.delete(number);
  }

  /** What a channel answers with, as `of`. */
  readonly of = (number: number, name: string, args: readonly unknown[]): unknown =>
    // One that is over: nobody waits for what it says.
    this.#links.get(number)?.hear(name, args);
}
