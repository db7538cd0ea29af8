/** The ends of a connection, and what may be said of each of its directions. */
import { StreamError } from "../../src/io/errors.ts";
import { InputStream } from "../../src/io/input-stream.ts";
import { OutputStream } from "../../src/io/output-stream.ts";
import type { Readiness } from "../../src/io/readiness.ts";
import { staysPending } from "../../src/testing/turns.ts";
import type { TcpSocket } from "../../src/wasi/sockets/tcp-socket.ts";
import type { TcpStreams } from "../../src/wasi/sockets/tcp-streams.ts";

/** What the buffer of a stream and the window of the network hold. */
const MAX_UNDER_WAY = 2 * 65_536;

function byteAt(position: number): number {
  return (position * 7 + (position >> 8)) & 255;
}

/** One direction, as its two ends have used it: the model. */
export class Direction {
  /** Whether the network may break the connection. */
  readonly #mayBreak: boolean;
  #written = 0;
  #read = 0;
  /** What the writer's end did last to it. */
  #sending: "open" | "ended" | "reset" = "open";
  /** Whether the reader still takes what comes. */
  #receiving: "open" | "shut" | "gone" = "open";
  #inputTold: "nothing" | "failed" | "closed" = "nothing";
  #outputTold: "nothing" | "failed" | "closed" = "nothing";

  constructor(mayBreak: boolean) {
    this.#mayBreak = mayBreak;
  }

  /** Whether nothing more can come of it. */
  get isOver(): boolean {
    return this.#inputTold !== "nothing" || this.#receiving !== "open";
  }

  ended(): void {
    if (this.#sending === "open") this.#sending = "ended";
  }

  /** By the writer's end. What was ended before may have arrived, or not. */
  reset(): void {
    this.#sending = "reset";
  }

  shut(): void {
    if (this.#receiving === "open") this.#receiving = "shut";
  }

  left(): void {
    this.#receiving = "gone";
  }

  bytesToWrite(count: number): Uint8Array {
    return new Uint8Array(count).map((_, index) => byteAt(this.#written + index));
  }

  permitted(bytes: number): void {
    if (this.#sending !== "open") throw new Error("an output that was ended is not closed");
    if (this.#outputTold !== "nothing") throw new Error("an output that was closed is open again");
    if (bytes > 65_536) throw new Error(`${bytes} bytes are permitted`);
  }

  wrote(bytes: number): void {
    this.#written += bytes;
    const underWay = this.#written - this.#read;
    if (this.#receiving === "open" && underWay > MAX_UNDER_WAY) throw new Error(`${underWay} bytes are under way`);
  }

  read(bytes: Uint8Array): void {
    if (bytes.length > 0 && this.isOver) throw new Error("bytes come after the end");
    for (const byte of bytes) {
      if (this.#read >= this.#written) throw new Error("bytes come that nobody wrote");
      if (byte !== byteAt(this.#read)) throw new Error(`another byte than was written at ${this.#read}`);
      this.#read++;
    }
  }

  inputFailed(tag: string): void {
    if (tag === "closed") this.#inputClosed();
    else if (this.#sending !== "reset" && !this.#mayBreak) throw new Error("an input fails, and nobody has reset it");
    else if (this.#inputTold !== "nothing") throw new Error("an input tells of a failure again");
    else this.#inputTold = "failed";
  }

  outputFailed(tag: string): void {
    const peerIsGone = this.#receiving === "gone" || this.#mayBreak;
    if (tag !== "closed" && (!peerIsGone || this.#outputTold !== "nothing")) throw new Error("an output fails");
    if (tag === "closed" && this.#sending === "open" && !peerIsGone) throw new Error("an output is closed by nobody");
    this.#outputTold = tag === "closed" ? "closed" : "failed";
  }

  expectAll(): void {
    if (this.#sending === "reset" || this.#receiving !== "open" || this.#inputTold === "failed") return;
    if (this.#read !== this.#written) throw new Error(`${this.#read} of ${this.#written} bytes arrived`);
  }

  #inputClosed(): void {
    if (this.#inputTold === "nothing" && this.#receiving === "open") {
      if (this.#sending === "open") throw new Error("an input ends, and nobody has ended it");
      if (this.#sending === "ended" && this.#read < this.#written) {
        throw new Error(`an input ends at ${this.#read} of ${this.#written} bytes`);
      }
    }
    if (this.#inputTold === "nothing") this.#inputTold = "closed";
  }
}

/** Somebody who waits for a stream. */
interface Watch {
  readonly readiness: Readiness;
  readonly name: string;
  woken: boolean;
}

/** One end, as a guest has it. */
export class End {
  readonly #socket: TcpSocket;
  readonly #streams: TcpStreams;
  readonly #input: InputStream;
  readonly #output: OutputStream;
  readonly #sending: Direction;
  readonly #receiving: Direction;
  readonly #watches: Watch[] = [];
  #isGone = false;
  #dropping: Promise<void> | undefined;

  constructor(socket: TcpSocket, streams: TcpStreams, sending: Direction, receiving: Direction) {
    this.#socket = socket;
    this.#streams = streams;
    this.#input = new InputStream(streams.source);
    this.#output = new OutputStream(streams.outlet);
    this.#sending = sending;
    this.#receiving = receiving;
  }

  play(call: string, bytes: number): void {
    if (this.#isGone) return;
    switch (call) {
      case "write":
        this.#write(bytes);
        break;
      case "read":
        this.#tried(
          () => this.#receiving.read(this.#input.read(bytes)),
          (tag) => this.#receiving.inputFailed(tag),
        );
        break;
      case "flush":
        this.#tried(
          () => this.#output.flush(),
          (tag) => this.#sending.outputFailed(tag),
        );
        break;
      case "watch":
        this.#watch("input", this.#input);
        this.#watch("output", this.#output);
        break;
      case "shutdown send":
        this.#sending.ended();
        this.#socket.shutdown("send");
        break;
      case "shutdown receive":
        this.#receiving.shut();
        this.#socket.shutdown("receive");
        break;
      case "drop":
        this.#sending.ended();
        this.#leave();
        this.#output.drop();
        this.#dropping = Promise.resolve(this.#socket.drop());
        break;
      default:
        this.#sending.reset();
        this.#leave();
        this.#streams.connection.reset();
    }
  }

  /** Fails if somebody who waited was not told of a change. */
  expectWoken(): void {
    for (const { readiness, name, woken } of this.#watches) {
      if (!woken && readiness.ready()) throw new Error(`the ${name} is ready, and who waits for it was not woken`);
    }
  }

  async dropped(): Promise<void> {
    this.play("drop", 0);
    const isPending = await staysPending(this.#dropping ?? Promise.resolve());
    if (isPending) throw new Error("a socket is never done with what it holds");
  }

  #leave(): void {
    this.#isGone = true;
    this.#watches.length = 0;
    this.#receiving.left();
  }

  #write(bytes: number): void {
    this.#tried(
      () => {
        const permit = this.#output.checkWrite();
        this.#sending.permitted(permit);
        if (permit === 0) return;
        const count = Math.min(permit, bytes);
        this.#output.write(this.#sending.bytesToWrite(count));
        this.#sending.wrote(count);
      },
      (tag) => this.#sending.outputFailed(tag),
    );
  }

  #tried(call: () => void, failed: (tag: string) => void): void {
    try {
      call();
    } catch (error) {
      if (!(error instanceof StreamError)) throw error;
      failed(error.payload.tag);
    }
  }

  #watch(name: string, readiness: Readiness): void {
    if (readiness.ready()) return;
    const watch: Watch = { readiness, name, woken: false };
    this.#watches.push(watch);
    const waker = {
      wake: () => {
        watch.woken = true;
        readiness.unwatch(waker);
        this.#watches.splice(this.#watches.indexOf(watch), 1);
      },
    };
    readiness.watch(waker);
  }
}
