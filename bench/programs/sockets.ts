/**
 * What plain `node:net` and `node:dgram` do, as one would write it: the same as the guest bench-sockets, whose head says
 * what. Copies what it has received, since that is what a guest has.
 */
import { createSocket } from "node:dgram";
import { connect, createServer, type Socket } from "node:net";

const [what = "", first = "0", second = "0", third = "0"] = process.argv.slice(2);
const a = Number(first);
const b = Number(second);
const c = Number(third);

function connected(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: "127.0.0.1", port, allowHalfOpen: true }, () => resolve(socket));
    socket.once("error", reject);
  });
}

async function send(port: number, total: number, size: number): Promise<void> {
  const socket = await connected(port);
  const bytes = Buffer.alloc(size);
  let left = total;
  const more = (): void => {
    while (left > 0) {
      const piece = left < size ? bytes.subarray(0, left) : bytes;
      left -= piece.length;
      if (!socket.write(piece)) {
        socket.once("drain", more);
        return;
      }
    }
    socket.end();
  };
  socket.resume();
  more();
}

async function receive(port: number): Promise<void> {
  const socket = await connected(port);
  socket.on("data", () => {});
  socket.on("end", () => socket.end());
}

async function echo(port: number): Promise<void> {
  const socket = await connected(port);
  socket.setNoDelay(true);
  socket.on("data", (chunk) => socket.write(chunk));
  socket.on("end", () => socket.end());
}

function accept(count: number, keep: boolean): void {
  let left = count;
  const kept: Socket[] = [];
  const server = createServer({ pauseOnConnect: keep }, (socket) => {
    left--;
    if (keep) kept.push(socket);
    else socket.destroy();
    if (left > 0) return;
    if (!keep) {
      server.close();
      return;
    }
    console.log(`idle ${kept.length}`);
    process.stdin.resume().on("end", () => process.exit());
  });
  server.listen({ host: "127.0.0.1", port: 0, backlog: 1024 }, () => {
    const at = server.address();
    console.log(`port ${at && typeof at === "object" ? at.port : 0}`);
  });
}

function udpSend(port: number, count: number, size: number): void {
  const socket = createSocket("udp4");
  const bytes = Buffer.alloc(size);
  socket.connect(port, "127.0.0.1", () => {
    const start = process.hrtime.bigint();
    let left = count;
    const batch = (): void => {
      let pending = Math.min(16, left);
      left -= pending;
      const sent = (): void => {
        if (--pending > 0) return;
        if (left > 0) {
          batch();
          return;
        }
        console.error(`ns ${process.hrtime.bigint() - start}`);
        socket.close();
      };
      for (let each = pending; each > 0; each--) socket.send(bytes, sent);
    };
    batch();
  });
}

function udpEcho(port: number, count: number): void {
  const socket = createSocket("udp4");
  let left = count;
  socket.on("message", (bytes) => {
    left--;
    socket.send(bytes, () => {
      if (left === 0) socket.close();
    });
  });
  socket.connect(port, "127.0.0.1", () => socket.send(Buffer.alloc(1)));
}

if (what === "send") await send(a, b, c);
else if (what === "receive") await receive(a);
else if (what === "echo") await echo(a);
else if (what === "accept") accept(a, false);
else if (what === "idle") accept(a, true);
else if (what === "udp-send") udpSend(a, b, c);
else if (what === "udp-echo") udpEcho(a, b);
else throw new Error(`sockets.ts does not know ${what}`);
