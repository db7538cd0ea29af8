/** Clients of HTTP/2 that send frames as they like, by hand. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import type { TestContext } from "node:test";

const FRAME_NAMES = ["DATA", "HEADERS", "PRIORITY", "RST", "SETTINGS", "PUSH", "PING", "GOAWAY", "WINDOW"];

/** One frame, whose length is that of its payload. */
export function frame(type: number, flags: number, stream: number, payload: Uint8Array = new Uint8Array(0)): Buffer {
  const before = Buffer.alloc(9);
  before.writeUIntBE(payload.length, 0, 3);
  before[3] = type;
  before[4] = flags;
  before.writeUInt32BE(stream, 5);
  return Buffer.concat([before, payload]);
}

/** A field without the tables of HPACK. Shorter than 127 bytes each. */
export function literal(name: string, value: string): Buffer {
  const text = (of: string): Buffer => Buffer.concat([Uint8Array.of(of.length), Buffer.from(of, "latin1")]);
  return Buffer.concat([Uint8Array.of(0), text(name), text(value)]);
}

/** The header of a request, of one frame. */
export function asking(
  stream: number,
  isEnd: boolean,
  { method = "POST", fields = [] }: { method?: "GET" | "POST"; fields?: readonly (readonly [string, string])[] } = {},
): Buffer {
  // The method, http, /, and an authority: by the static table of HPACK.
  const block = Uint8Array.of(method === "GET" ? 0x82 : 0x83, 0x86, 0x84, 0x01, 4);
  const others = fields.map(([name, value]) => literal(name, value));
  return frame(1, isEnd ? 5 : 4, stream, Buffer.concat([block, Buffer.from("name"), ...others]));
}

export interface RawSession {
  readonly socket: Socket;
  /** In one piece. */
  readonly send: (...frames: readonly Uint8Array[]) => void;
  /** What has come of a stream: frames, with how long they are. */
  readonly sent: (stream: number) => readonly string[];
  /** Bytes of bodies that have come. */
  readonly bytes: () => number;
  /** Resolves when the connection is over. */
  readonly closed: Promise<void>;
}

/**
 * A connection that has said that it speaks HTTP/2, and that it has no settings.
 *
 * @param socket That connects to the port.
 */
export async function rawSession(
  t: TestContext,
  port: number,
  socket: Socket = connect(port, "127.0.0.1"),
): Promise<RawSession> {
  socket.on("error", () => {});
  t.after(() => socket.destroy());
  const closed = new Promise<void>((resolve) => void socket.once("close", () => resolve()));
  await once(socket, "connect");
  const sent = new Map<number, string[]>();
  let bytes = 0;
  let rest = Buffer.alloc(0);
  socket.on("data", (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk]);
    for (let length; rest.length >= 9 && rest.length >= (length = 9 + rest.readUIntBE(0, 3));) {
      const [type = 0, flags = 0, stream] = [rest[3], rest[4], rest.readUInt32BE(5)];
      const name = FRAME_NAMES[type] ?? String(type);
      const isEnd = type <= 1 && (flags & 1) === 1;
      const all = sent.get(stream) ?? [];
      sent.set(stream, [...all, `${name} ${length - 9}${isEnd ? " END" : ""}`]);
      if (type === 0) bytes += length - 9;
      rest = rest.subarray(length);
    }
  });
  socket.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  const send = (...frames: readonly Uint8Array[]): void => void socket.write(Buffer.concat(frames));
  send(frame(4, 0, 0));
  return { socket, send, sent: (stream) => sent.get(stream) ?? [], bytes: () => bytes, closed };
}
