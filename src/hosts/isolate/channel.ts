/** Calls between two threads, both ways. */
import { messageOf } from "../../io/cause.ts";
import { errorOf, wireOf, type WireError } from "./errors.ts";
import { ownThread } from "./own-thread.ts";

/** What crosses. */
export type Message =
  | { readonly is: "call"; readonly number: number; readonly name: string; readonly args: readonly unknown[] }
  | { readonly is: "value"; readonly number: number; readonly value: unknown }
  | { readonly is: "error"; readonly number: number; readonly error: WireError };

interface Waiting {
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/** What the other thread may call, by name. A promise is waited for. */
export type Answers = Readonly<Record<string, (...args: never[]) => unknown>>;

/** A thread, or the port of one. */
export interface Port {
  on(event: "message", listener: (message: Message) => void): unknown;
  postMessage(message: unknown): void;
}

/** What a thread has that can be blocked. */
export interface Blocking {
  /** Waits for a message of the other thread, and takes it from the port. Blocks the thread until there is one. */
  readonly fetch: () => Message;
  /** Has something done in a turn of the event loop of its own. */
  readonly soon: (callback: () => void) => void;
}

/** One end of a port. What crosses it are plain values: what the structured clone algorithm clones. */
export class Channel {
  readonly #port: Port;
  readonly #answers: Answers;
  readonly #waiting = new Map<number, Waiting>();
  #calls = 0;
  #over: { readonly reason: unknown } | undefined;
  readonly #blocking: Blocking | undefined;
  /** What came while the thread was blocked for something else. */
  readonly #late: Message[] = [];
  /** Told whether somebody waits for the other thread. */
  onBusy: (isBusy: boolean) => void = () => {};
  /** Told when something is on its way to the other thread. */
  onSent: () => void = () => {};

  /** @param blocking Of a thread that may block for an answer. */
  constructor(port: Port, answers: Answers, blocking?: Blocking) {
    this.#port = port;
    this.#answers = answers;
    this.#blocking = blocking;
    port.on("message", (message: Message) => this.hear(message));
  }

  /** Has the other thread do something. @throws {TypeError} For arguments that cannot cross. */
  call(name: string, ...args: readonly unknown[]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#over) throw this.#over.reason;
      const number = ++this.#calls;
      this.#send({ is: "call", number, name, args });
      this.#waiting.set(number, { resolve, reject });
      if (this.#waiting.size === 1) this.onBusy(true);
    });
  }

  /** As `call`, but this thread is blocked until the answer is there. Throws what `call` rejects with. */
  callNow(name: string, ...args: readonly unknown[]): unknown {
    if (this.#over) throw this.#over.reason;
    const blocking = this.#blocking;
    if (!blocking) throw new Error("This thread cannot be blocked");
    const number = ++this.#calls;
    this.#send({ is: "call", number, name, args });
    for (;;) {
      const message = blocking.fetch();
      if (message.is === "value" && message.number === number) return message.value;
      if (message.is === "error" && message.number === number) throw errorOf(message.error);
      // Nobody expects to be called in the middle of a call of his own.
      if (this.#late.push(message) === 1) blocking.soon(() => this.hearLate());
    }
  }

  /** Takes the messages that had to wait. Says whether there were any. */
  hearLate(): boolean {
    const late = this.#late.splice(0);
    for (const message of late) this.#hear(message);
    return late.length > 0;
  }

  /** Has the other thread do something whose end nobody waits for. */
  tell(name: string, ...args: readonly unknown[]): void {
    if (!this.#over) this.#send({ is: "call", number: 0, name, args });
  }

  /** The other thread is gone: whoever waits for it, now or later, is told why. */
  end(reason: unknown): void {
    this.#over ??= { reason };
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    if (waiting.length > 0) this.onBusy(false);
    for (const each of waiting) each.reject(this.#over.reason);
  }

  #send(message: Message): void {
    try {
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a port has none
      this.#port.postMessage(message);
      this.onSent();
    } catch (error) {
      throw new TypeError(
        "Only plain values go from one thread to another, no streams, promises, functions or resources, and the instance " +
          `has ${ownThread()}: ${messageOf(error)}`,
        { cause: error },
      );
    }
  }

  /** Takes a message of the other thread's: of who has taken it from the port by other means. */
  hear(message: Message): void {
    this.hearLate();
    this.#hear(message);
  }

  #hear(message: Message): void {
    if (message.is === "call") {
      void this.#answer(message.number, message.name, message.args);
      return;
    }
    const waiting = this.#waiting.get(message.number);
    // Told already that it is over. Whoever ends the other thread waits for that, and is not to be let go now.
    if (!waiting) return;
    this.#waiting.delete(message.number);
    if (this.#waiting.size === 0) this.onBusy(false);
    if (message.is === "value") waiting.resolve(message.value);
    else waiting.reject(errorOf(message.error));
  }

  async #answer(number: number, name: string, args: readonly unknown[]): Promise<void> {
    let answer: Message;
    try {
      const run = this.#answers[name];
      if (!run) throw new Error(`The other thread asks for ${name}, which is not there`);
      answer = { is: "value", number, value: await run(...(args as never[])) };
    } catch (error) {
      answer = { is: "error", number, error: wireOf(error) };
    }
    // Nobody waits for the end of what was only told.
    if (number === 0 || this.#over) return;
    try {
      this.#send(answer);
    } catch (error) {
      this.#send({ is: "error", number, error: wireOf(error) });
    }
  }
}
