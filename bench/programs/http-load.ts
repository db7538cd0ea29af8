/** Asks a server again and again: http-load.ts PORT CONNECTIONS SECONDS. Says how many were answered in a second, as they should. */
import { Agent, get } from "node:http";

const [port = "", connections = "", seconds = ""] = process.argv.slice(2);
const EXPECTED = "Hello, WASI!";
const agent = new Agent({ keepAlive: true, maxSockets: Number(connections) });
let answered = 0;
const start = performance.now();
const end = start + Number(seconds) * 1000;

function ask(): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = get({ host: "127.0.0.1", port, path: "/hello", agent }, (response) => {
      let body = "";
      response.setEncoding("latin1").on("data", (chunk: string) => (body += chunk));
      response.on("error", reject);
      response.on("end", () => {
        if (body !== EXPECTED) reject(new Error(`${response.statusCode}: ${body.slice(0, 100)}`));
        else resolve();
      });
    });
    request.on("error", reject);
  });
}

async function client(): Promise<void> {
  while (performance.now() < end) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other, on each connection
    await ask();
    answered++;
  }
}

await Promise.all(Array.from({ length: Number(connections) }, client));
console.log(`rate ${(answered / (performance.now() - start)) * 1000}`);
process.exit();
