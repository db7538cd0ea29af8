/** The worker, and the run that is under way in it. */
import { Stage } from "./model.ts";
import type { Answered, Ending, Files, Frame, FromWorker, RunPlan, ToWorker } from "../protocol.ts";

/** How long guests have to end by themselves when they are stopped. */
const GRACE_MS = 300;
/** A number that no guest on the stage has. */
const REHEARSAL = 0;

export interface Listener {
  onFrame(frame: Frame): void;
  /** The head of an answer is there. */
  onAnswered(answer: Answered): void;
  /** These are to be shown in a terminal. */
  onTerminal(terminal: number, bytes: readonly number[]): void;
  onEnded(guest: number, ending: Ending, at: number): void;
  /** @param files All that there are now; missing if the worker had to be ended with its guests. */
  onOver(files: Files | undefined): void;
  /** What is no guest's: the run is over. */
  onFault(message: string): void;
}

export class Session {
  /** Resolves with whether this browser can suspend WebAssembly. */
  readonly canSuspend: Promise<boolean>;
  readonly #listener: Listener;
  readonly #prepared = new Map<number, Uint8Array>();
  readonly #rehearsed = Promise.withResolvers<void>();
  #worker: Worker;
  #isReady = false;
  #isRunning = false;
  #deadline: ReturnType<typeof setTimeout> | undefined;
  #onReady: (canSuspend: boolean) => void = () => {};

  constructor(listener: Listener) {
    this.#listener = listener;
    this.canSuspend = new Promise((resolve) => (this.#onReady = resolve));
    this.#worker = this.#start();
  }

  get isRunning(): boolean {
    return this.#isRunning;
  }

  /** Has components compiled that are to run, and no others. */
  prepare(components: ReadonlyMap<number, Uint8Array>): void {
    for (const component of this.#prepared.keys()) {
      if (components.has(component)) continue;
      this.#prepared.delete(component);
      this.tell({ is: "forget", component });
    }
    for (const [component, bytes] of components) {
      if (this.#prepared.has(component)) continue;
      this.#prepared.set(component, bytes);
      this.tell({ is: "prepare", component, bytes });
    }
  }

  run(plan: RunPlan): void {
    if (this.#isRunning) throw new Error("A run is under way");
    this.#isRunning = true;
    this.tell({ is: "run", plan });
  }

  /** Runs a guest so that nobody sees, and forgets it: the first run that somebody sees is as fast as others then. */
  async rehearse(component: Uint8Array): Promise<void> {
    const stage = new Stage();
    stage.add({ name: "rehearsal", origin: "", component });
    const { guests, ...plan } = stage.plan();
    this.tell({ is: "prepare", component: REHEARSAL, bytes: component });
    this.tell({
      is: "rehearse",
      plan: { ...plan, guests: guests.map((guest) => ({ ...guest, component: REHEARSAL })) },
    });
    await this.#rehearsed.promise;
    this.tell({ is: "forget", component: REHEARSAL });
  }

  tell(message: ToWorker): void {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker has none
    this.#worker.postMessage(message);
  }

  /** Ends all guests: those that do not even then make a call, with their thread. */
  stop(): void {
    if (!this.#isRunning || this.#deadline !== undefined) return;
    this.tell({ is: "stop" });
    this.#deadline = setTimeout(() => {
      this.#renew();
      this.#over(undefined);
    }, GRACE_MS);
  }

  /** Ends all guests at once, with their thread, and tells nobody. */
  abandon(): void {
    if (!this.#isRunning) return;
    clearTimeout(this.#deadline);
    this.#deadline = undefined;
    this.#isRunning = false;
    this.#renew();
  }

  #renew(): void {
    this.#worker.terminate();
    this.#worker = this.#start();
    for (const [component, bytes] of this.#prepared) this.tell({ is: "prepare", component, bytes });
  }

  #start(): Worker {
    const worker = new Worker(new URL("worker.js", import.meta.url), { type: "module", name: "guests" });
    worker.addEventListener("message", ({ data }: MessageEvent<FromWorker>) => {
      // One that has been ended may have said something before.
      if (worker === this.#worker) this.#hear(data);
    });
    worker.addEventListener("error", ({ message }) => {
      if (worker !== this.#worker) return;
      this.#listener.onFault(message || "The guests' worker cannot be loaded");
      // One that never was would not be the next time.
      if (this.#isReady) this.#renew();
      this.#over(undefined);
    });
    return worker;
  }

  #hear(message: FromWorker): void {
    switch (message.is) {
      case "ready":
        this.#isReady = true;
        this.#onReady(message.canSuspend);
        break;
      case "rehearsed":
        this.#rehearsed.resolve();
        break;
      case "frame":
        this.#listener.onFrame(message.frame);
        break;
      case "answered":
        this.#listener.onAnswered(message);
        break;
      case "terminal":
        this.#listener.onTerminal(message.terminal, message.bytes);
        break;
      case "ended":
        this.#listener.onEnded(message.guest, message.ending, message.at);
        break;
      case "over":
        this.#over(message.files);
        break;
    }
  }

  #over(files: Files | undefined): void {
    if (!this.#isRunning) return;
    clearTimeout(this.#deadline);
    this.#deadline = undefined;
    this.#isRunning = false;
    this.#listener.onOver(files);
  }
}
