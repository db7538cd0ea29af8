/** The other sides of Web streams, as tests play them. */
import { gate, type Gate } from "../hosts/gate.ts";

/** A stream that keeps what it is given, as long as its gate is open. */
export function collecting(strategy?: QueuingStrategy<Uint8Array>): {
  readonly stream: WritableStream<Uint8Array>;
  readonly gate: Gate;
  readonly chunks: Uint8Array[];
  readonly events: string[];
  error(cause: unknown): void;
} {
  const chunks: Uint8Array[] = [];
  const events: string[] = [];
  const door = gate();
  let controller: WritableStreamDefaultController | undefined;
  const stream = new WritableStream<Uint8Array>(
    {
      start: (started) => void (controller = started),
      async write(chunk) {
        await door.passed();
        chunks.push(chunk);
      },
      close: () => void events.push("close"),
      abort: (reason) => void events.push(`abort ${String(reason)}`),
    },
    strategy,
  );
  return { stream, gate: door, chunks, events, error: (cause) => controller?.error(cause) };
}

/** A stream whose other side is played by the test. */
export function supplied(type: "bytes" | undefined): {
  readonly stream: ReadableStream<Uint8Array>;
  readonly controller: () => ReadableStreamDefaultController<Uint8Array> | ReadableByteStreamController;
} {
  let controller: ReadableStreamDefaultController<Uint8Array> | ReadableByteStreamController | undefined;
  const start = (started: ReadableStreamDefaultController<Uint8Array> | ReadableByteStreamController): void => {
    controller = started;
  };
  const stream =
    type === "bytes"
      ? new ReadableStream({ type, start })
      : new ReadableStream<Uint8Array>({ start }, { highWaterMark: 0 });
  return {
    stream,
    controller() {
      if (controller) return controller;
      throw new Error("The stream has not started");
    },
  };
}
