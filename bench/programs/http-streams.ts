/**
 * Opens streams on a server, and leaves them open: http-streams.ts PORT COUNT. Each is a request whose body has begun, and
 * a response that has sent that back. Says how many milliseconds one took.
 */
import { connect } from "node:net";

const [port = "", count = ""] = process.argv.slice(2);
/** How many are being opened at a time. */
const AT_ONCE = 32;
const HEAD = "POST /echo HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\n";

function open(): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), "127.0.0.1");
    let said = "";
    socket.setEncoding("latin1").on("error", reject).write(HEAD);
    socket.on("data", (chunk: string) => {
      said += chunk;
      if (said.includes("hi\r\n")) resolve();
      else if (!said.startsWith("HTTP/1.1 200")) reject(new Error(said.slice(0, 100)));
    });
    socket.on("close", () => reject(new Error("A stream was closed")));
  });
}

let left = Number(count);
const start = performance.now();

async function client(): Promise<void> {
  while (left-- > 0) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await open();
  }
}

await Promise.all(Array.from({ length: AT_ONCE }, client));
console.log(`each ${(performance.now() - start) / Number(count)}`);
process.exit();
