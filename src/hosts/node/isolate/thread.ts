/** A thread for instances, as the one that starts it has it: it can be ended in the middle of whatever it does. */
import { deferred } from "../../../io/deferred.ts";
import { Worker } from "node:worker_threads";
import type { InstanceOptions } from "../../../run/options.ts";
import { canSuspend } from "../../../wait/suspension.ts";
import type { Directory } from "../platform.ts";
import { StandardSockets } from "../shared-fds.ts";
import { openStandard, type Input, type Output } from "../stdio.ts";
import { Hearing } from "./bell.ts";
import { Channel, type Answers } from "./channel.ts";
import { Links, type Link, type OtherThread } from "./link.ts";
import { Kept, type Parked, type WireOptions } from "./options.ts";
import { Bells } from "./shared-streams.ts";
import type { ThreadData } from "./worker.ts";

export type Options = InstanceOptions<Input, Output, Directory>;

/** Where worker.ts is once it is built, beside those of dist/shared: see scripts/build.js. */
declare const BUILT_WORKER: string | undefined;

const WORKER = new URL(typeof BUILT_WORKER === "string" ? BUILT_WORKER : "./worker.ts", import.meta.url);

export class Thread {
  readonly channel: Channel;
  readonly #worker: Worker;
  readonly #parked: Parked | undefined;
  readonly #bells = new Bells();
  readonly #other: OtherThread;
  readonly #links = new Links();
  readonly #kept = new Map<number, Kept>();
  readonly #sockets = new StandardSockets();
  readonly #onEnd: (reason: unknown) => void;
  #last = 0;
  #ended: { readonly reason: unknown; readonly done: Promise<void> } | undefined;

  /**
   * @param answers What it may ask for beside what it is given.
   * @param onEnd Told once, at once.
   * @param standard Opens the process's own streams, where it is not the thread that does.
   */
  constructor(
    answers: Answers,
    onEnd: (reason: unknown) => void = () => {},
    standard: Parked["standard"] = openStandard,
  ) {
    const parks = !canSuspend();
    this.#parked = parks ? { standard } : undefined;
    this.#onEnd = onEnd;
    const data: ThreadData = { bells: this.#bells.memory, parks, stackFrames: Error.stackTraceLimit };
    // It writes to descriptors alone. Node would make this thread's streams for it, which change what they stand on.
    this.#worker = new Worker(WORKER, { workerData: data, stdout: true, stderr: true });
    this.channel = new Channel(this.#worker, { ...answers, of: this.#links.of });
    // Whether it is blocked, it knows.
    this.channel.onSent = () => this.#bells.guest.ring();
    const { host, guest } = this.#bells;
    this.#other = { channel: this.channel, own: host, other: guest, hearing: new Hearing(host) };
    // A thread that nobody waits for keeps no process.
    this.#worker.unref();
    this.channel.onBusy = (isBusy) => (isBusy ? this.#worker.ref() : this.#worker.unref());
    this.#worker.on("error", (error) => void this.end(error));
    this.#worker.on("exit", () => void this.end(new Error("The thread of the instance has ended")));
  }

  /** What an instance in it is to be given. @throws {TypeError} For what cannot be given to one. */
  async keep(options: Options): Promise<WireOptions> {
    const { number, link } = this.open();
    const kept = await Kept.make(link, number, options, this.#parked);
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

  get isEnded(): boolean {
    return this.#ended !== undefined;
  }

  /** All instances that were in it are over. */
  forget(reason: unknown): void {
    this.#release(reason);
    // Nothing waits any more.
    this.#bells.host.ring();
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
    await this.#worker.terminate();
    this.#sockets.restore();
  }

  #release(reason: unknown): void {
    for (const [number, kept] of this.#kept) {
      this.#links.close(number);
      kept.release(reason);
    }
    this.#kept.clear();
  }
}
