/** A thread for instances, as the one that starts it has it: it can be ended in the middle of whatever it does. */
import { deferred } from "../../io/deferred.ts";
import { faultOf } from "../../run/life.ts";
import type { Platform } from "../../run/platform.ts";
import { Channel, type Answers, type Port } from "./channel.ts";
import { Links, type Link, type OtherThread } from "./link.ts";
import { Kept, type Options, type Parked, type WireOptions } from "./options.ts";

/** The threads of a runtime. */
export interface Threads {
  /** Of the thread that starts them. */
  readonly platform: Platform;
  /** Begins one, in which there is what guests.ts gives. */
  readonly start: () => StartedThread;
}

/** What a runtime knows of a thread of its own. */
export interface StartedThread extends Omit<OtherThread, "channel"> {
  /** Whether it is blocked when its guest waits. */
  readonly parks: boolean;
  readonly port: Port;
  /** Calls `ended` if it ends by itself. */
  onEnd(ended: (reason: unknown) => void): void;
  /** Whether somebody waits for it: one that nobody waits for keeps no process. */
  setBusy(isBusy: boolean): void;
  /** Resolves when it is gone. */
  terminate(): Promise<void>;
}

export class Thread {
  readonly channel: Channel;
  readonly #platform: Platform;
  readonly #started: StartedThread;
  readonly #parked: Parked | undefined;
  readonly #other: OtherThread;
  readonly #links = new Links();
  readonly #kept = new Map<number, Kept>();
  readonly #onEnd: (reason: unknown) => void;
  #last = 0;
  /** What ports threw at the end of instances. */
  readonly #faults: unknown[] = [];
  #ended: { readonly reason: unknown; readonly done: Promise<void> } | undefined;

  /**
   * @param answers What it may ask for beside what it is given.
   * @param onEnd Told once, at once.
   * @param standard Opens the process's own streams, where it is not the thread that does.
   */
  constructor(
    { platform, start }: Threads,
    answers: Answers,
    onEnd: (reason: unknown) => void = () => {},
    standard: Parked["standard"] = (options) => platform.standard(options),
  ) {
    this.#platform = platform;
    this.#onEnd = onEnd;
    this.#started = start();
    const { port, parks, own, other, hearing, places } = this.#started;
    this.#parked = parks ? { standard } : undefined;
    this.channel = new Channel(port, { ...answers, of: this.#links.of });
    // Whether it is blocked, it knows.
    this.channel.onSent = () => other.ring();
    this.#other = { channel: this.channel, own, other, hearing, places };
    this.channel.onBusy = (isBusy) => this.#started.setBusy(isBusy);
    this.#started.onEnd((reason) => void this.end(reason));
  }

  /** What an instance in it is to be given. @throws {TypeError} For what cannot be given to one. */
  async keep(options: Options): Promise<WireOptions> {
    const { number, link } = this.open();
    const kept = await Kept.make(this.#platform, link, number, options, this.#parked).catch((error: unknown) => {
      this.close(number);
      throw error;
    });
    this.#kept.set(number, kept);
    if (this.#ended) this.#release(this.#ended.reason);
    return kept.wire;
  }

  /** For something else that both threads know by its number, until it is closed. */
  open(): { readonly number: number; readonly link: Link } {
    const number = ++this.#last;
    return { number, link: this.#links.open(this.#other, number) };
  }

  close(number: number): void {
    this.#links.close(number);
  }

  /** What ports threw at the end of instances, once. @throws {InternalError} If they did. */
  tell(): void {
    const faults = this.#faults.splice(0);
    if (faults.length > 0) throw faultOf(faults);
  }

  get isEnded(): boolean {
    return this.#ended !== undefined;
  }

  /** All instances that were in it are over. */
  forget(reason: unknown): void {
    this.#release(reason);
    // Nothing waits any more.
    this.#other.own.ring();
  }

  /** Ends it, whatever it does: who waits for it is told why. */
  end(reason: unknown): Promise<void> {
    if (!this.#ended) {
      // In this order: what is released may look.
      const { promise, resolve } = deferred<void>();
      this.#ended = { reason, done: promise };
      resolve(this.#terminate(reason));
    }
    return this.#ended.done;
  }

  async #terminate(reason: unknown): Promise<void> {
    this.#onEnd(reason);
    this.channel.end(reason);
    this.forget(reason);
    await this.#started.terminate();
  }

  #release(reason: unknown): void {
    for (const [number, kept] of this.#kept) {
      this.#links.close(number);
      this.#faults.push(...kept.release(reason));
    }
    this.#kept.clear();
  }
}
