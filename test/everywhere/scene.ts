/** The streams of a claim's guest, in the process: see test/guests/claims/claim.ts. */
import { BytesSource, closedSource, DiscardSink } from "../../src/io/memory.ts";
import { PeerClosed, type Sink, type Source } from "../../src/io/ports.ts";
import { PullSource } from "../../src/io/pull-source.ts";
import { Signal, type Waker } from "../../src/io/readiness.ts";
import type { Stdin, Stdout } from "../guests/claims/claim.ts";

type Turn = () => Promise<void>;

/** Never says anything. */
function never(): Promise<never> {
  return new Promise(() => {});
}

export function stdinOf(stdin: Stdin = { kind: "closed" }, turn: Turn): Source {
  switch (stdin.kind) {
    case "bytes":
      return new BytesSource(stdin.text);
    case "closed":
      return closedSource();
    case "stalled":
      return new PullSource(never);
    case "late": {
      const chunks = stdin.chunks.values();
      return new PullSource(async () => {
        await turn();
        await turn();
        return chunks.next().value ?? null;
      });
    }
    case "failing": {
      let given = false;
      return new PullSource(async () => {
        if (!given) {
          given = true;
          return stdin.after;
        }
        throw Object.assign(new Error("EIO: i/o error, read"), { code: "EIO", errno: -5, syscall: "read" });
      });
    }
  }
}

/** Takes a few bytes in each turn of the event loop. */
class SlowSink extends DiscardSink {
  readonly chunks: Uint8Array[] = [];
  readonly #changed = new Signal();
  readonly #perTurn: number;
  readonly #turn: Turn;
  #left: number;
  #resting = false;

  constructor(perTurn: number, turn: Turn) {
    super();
    this.#perTurn = perTurn;
    this.#turn = turn;
    this.#left = perTurn;
  }

  override write(bytes: Uint8Array): number {
    const taken = bytes.slice(0, this.#left);
    this.#left -= taken.length;
    if (taken.length > 0) this.chunks.push(taken);
    this.#rest();
    return taken.length;
  }

  override flush(): boolean {
    this.#rest();
    return this.#left === this.#perTurn;
  }

  override watch(waker?: Waker): void {
    if (waker) this.#changed.watch(waker);
  }

  override unwatch(waker?: Waker): void {
    if (waker) this.#changed.unwatch(waker);
  }

  #rest(): void {
    if (this.#resting || this.#left === this.#perTurn) return;
    this.#resting = true;
    void this.#turn().then(() => {
      this.#resting = false;
      this.#left = this.#perTurn;
      this.#changed.notify();
    });
  }
}

/** Takes so many bytes, and fails in a later turn when it is given more. */
class EndingSink extends DiscardSink {
  readonly chunks: Uint8Array[] = [];
  readonly #changed = new Signal();
  readonly #cause: unknown;
  readonly #turn: Turn;
  #left: number;
  #failing = false;
  #failed = false;

  constructor(afterBytes: number, cause: unknown, turn: Turn) {
    super();
    this.#left = afterBytes;
    this.#cause = cause;
    this.#turn = turn;
  }

  override write(bytes: Uint8Array): number {
    if (this.#failed) throw this.#cause;
    const taken = bytes.slice(0, this.#left);
    this.#left -= taken.length;
    if (taken.length > 0) this.chunks.push(taken);
    if (taken.length < bytes.length && !this.#failing) {
      this.#failing = true;
      void this.#turn().then(() => {
        this.#failed = true;
        this.#changed.notify();
      });
    }
    return taken.length;
  }

  override flush(): boolean {
    if (this.#failed) throw this.#cause;
    return !this.#failing;
  }

  override watch(waker?: Waker): void {
    if (waker) this.#changed.watch(waker);
  }

  override unwatch(waker?: Waker): void {
    if (waker) this.#changed.unwatch(waker);
  }
}

/** Never takes any byte. */
class StalledSink extends DiscardSink {
  readonly chunks: Uint8Array[] = [];

  override write(): number {
    return 0;
  }

  override flush(): boolean {
    return false;
  }
}

export function stdoutOf(
  stdout: Stdout = { kind: "collect" },
  turn: Turn,
): Sink & { readonly chunks: readonly Uint8Array[] } {
  switch (stdout.kind) {
    case "collect":
      return new SlowSink(Number.POSITIVE_INFINITY, turn);
    case "slow":
      return new SlowSink(100, turn);
    case "failing":
      return new EndingSink(
        stdout.afterBytes,
        Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" }),
        turn,
      );
    case "closing":
      return new EndingSink(stdout.afterBytes, new PeerClosed(), turn);
    case "stalled":
      return new StalledSink();
  }
}
