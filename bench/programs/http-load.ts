/**
 * Asks a server again and again, where there is no wrk: http-load.ts PORT CONNECTIONS SECONDS. Says how many were answered
 * in a second, as they should, and in how many milliseconds 99 of 100 were.
 */
import { Agent, get } from "node:http";

const [port = "", connections = "", seconds = ""] = process.argv.slice(2);
const EXPECTED = "Hello, WASI!";
const agent = new Agent({ keepAlive: true, maxSockets: Number(connections) });
const times: number[] = [];
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
  for (let asked; (asked = performance.now()) < end;) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other, on each connection
    await ask();
    times.push(performance.now() - asked);
  }
}

await Promise.all(Array.from({ length: Number(connections) }, client));
console.log(`rate ${(times.length / (performance.now() - start)) * 1000}`);
console.log(`p99 ${times.toSorted((a, b) => a - b)[Math.floor(times.length * 0.99)] ?? Number.NaN}`);
process.exit();
