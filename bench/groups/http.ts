/** A guest that answers HTTP, as each contestant's command serves it; the same program asks all of them. */
import { connect } from "node:net";
import { dirname, join } from "node:path";
import { OURS, type Case, type Measurement } from "../case.ts";
import { NODE, program, SHIM, WASMTIME, type Contestants } from "../contestants.ts";
import { MIB, rate } from "../flow.ts";
import { Kept } from "../kept.ts";
import { guestPath, peerModule } from "../peer.ts";
import { numberIn, ROOT, runCommand, runPipeline } from "../processes.ts";
import { served, started, type Serve, type Server } from "../servers.ts";

const ROUNDS = 3;
const CONNECTIONS = 32;
/** Until what a server runs is compiled, once, and then what is counted in each round. */
const WARM_SECONDS = 2;
const SECONDS = 1;
const BODY_BYTES = 1024 * MIB;
const STREAMS = 5000;
/** How many wait for an answer that takes a second. */
const WAITING = 3;
const GUEST = "http-handler";

const sluice =
  (...options: readonly string[]): Serve =>
  (port) => [
    process.execPath,
    join(ROOT, "bin", "sluice.js"),
    ...["serve", "--addr", String(port), ...options, guestPath(GUEST)],
  ];
const node: Serve = (port) => [process.execPath, join(ROOT, "bench", "programs", "http-server.js"), String(port)];
const wasmtime: Serve = (port) => ["wasmtime", "serve", "--addr", `127.0.0.1:${port}`, "-Scli", guestPath(GUEST)];
/** As `jco serve` does: with one instance for all. */
const shim: Serve = async (port) => [
  process.execPath,
  join(ROOT, "bench", "programs", "shim-server.js"),
  join(dirname(await peerModule(GUEST)), "app.js"),
  String(port),
];

export function http({ guests: { [WASMTIME]: command = "missing" } }: Contestants): readonly Case[] {
  const wasmtimes = (measurement: Measurement): Measurement | string =>
    typeof command === "string" ? command : measurement;
  const kept = new Kept();
  const reused = sluice("--reuse", "1000000");
  const anew = sluice();
  const [fresh, reusing] = [new Warm(), new Warm()];
  const about = { unit: "/s", better: "more", rounds: ROUNDS } as const;
  const late = { unit: "ms", better: "less", rounds: ROUNDS } as const;
  return [
    {
      ...{ id: "fresh", what: `requests, an instance for each, ${CONNECTIONS} connections`, ...about },
      contestants: {
        [OURS]: kept.first("fresh", () => fresh.loaded(anew)),
        [NODE]: kept.first("node", () => fresh.loaded(node)),
        [WASMTIME]: wasmtimes(kept.first("wasmtime", () => fresh.loaded(wasmtime))),
      },
      end: () => fresh.end(),
    },
    {
      ...{ id: "fresh-p99", what: "of these, the time in which 99 of 100 were answered", ...late },
      contestants: {
        [OURS]: kept.second("fresh"),
        [NODE]: kept.second("node"),
        [WASMTIME]: wasmtimes(kept.second("wasmtime")),
      },
    },
    {
      ...{ id: "reuse", what: `requests, an instance for all, ${CONNECTIONS} connections`, ...about },
      contestants: {
        [OURS]: kept.first("reuse", () => reusing.loaded(reused)),
        [NODE]: kept.first("node again", () => reusing.loaded(node)),
        [SHIM]: kept.first("shim", () => reusing.loaded(shim)),
      },
      end: () => reusing.end(),
    },
    {
      ...{ id: "reuse-p99", what: "of these, the time in which 99 of 100 were answered", ...late },
      contestants: {
        [OURS]: kept.second("reuse"),
        [NODE]: kept.second("node again"),
        [SHIM]: kept.second("shim"),
      },
    },
    {
      ...{ id: "first", what: "from the start of a server to its first answer", ...late },
      contestants: { [OURS]: firstOf(sluice()), [NODE]: firstOf(node), [WASMTIME]: wasmtimes(firstOf(wasmtime)) },
    },
    {
      ...{ id: "body", what: "1 GiB sent and sent back", unit: "MiB/s", better: "more", rounds: ROUNDS },
      contestants: {
        [OURS]: kept.first("body", () => sentBack(sluice())),
        [NODE]: kept.first("node's body", () => sentBack(node)),
      },
    },
    {
      ...{ id: "body-peak", what: "meanwhile, the most resident memory", unit: "MiB", better: "less", rounds: ROUNDS },
      contestants: { [OURS]: kept.second("body"), [NODE]: kept.second("node's body") },
    },
    {
      ...{ id: "waiting", what: `${WAITING} that wait for an answer which takes 1 s`, unit: "s", better: "less" },
      rounds: 1,
      contestants: {
        [OURS]: waitingFor(sluice("--http", "127.0.0.1")),
        [WASMTIME]: wasmtimes(waitingFor(wasmtime)),
      },
    },
    {
      ...{ id: "streams", what: `opening one of ${STREAMS} streams in both directions`, unit: "ms", better: "less" },
      rounds: 1,
      contestants: {
        [OURS]: kept.first("streams", () => streaming(sluice("--max-concurrent-requests", String(STREAMS)))),
        [NODE]: kept.first("node's streams", () => streaming(node)),
      },
    },
    {
      ...{ id: "streams-memory", what: "resident memory of each of them", unit: "KiB", better: "less", rounds: 1 },
      contestants: { [OURS]: kept.second("streams"), [NODE]: kept.second("node's streams") },
    },
  ];
}

/** Servers that are warmed up once, and then asked in turns. */
class Warm {
  readonly #servers = new Map<Serve, Promise<Server>>();

  /** @param serve The same one again is the same server. */
  async loaded(serve: Serve): Promise<readonly [perSecond: number, p99Ms: number]> {
    const server = this.#servers.get(serve) ?? this.#begin(serve);
    this.#servers.set(serve, server);
    return load((await server).port, SECONDS);
  }

  async end(): Promise<void> {
    await Promise.all([...this.#servers.values()].map(async (server) => (await server).stop("SIGKILL")));
  }

  async #begin(serve: Serve): Promise<Server> {
    const server = await started(serve);
    await load(server.port, WARM_SECONDS);
    return server;
  }
}

/** Requests in a second, and in how many milliseconds 99 of 100 were answered. */
async function load(port: number, seconds: number): Promise<readonly [number, number]> {
  const options = ["-t1", `-c${CONNECTIONS}`, `-d${seconds}s`, "--latency"];
  const asked = await runCommand(["wrk", ...options, `http://127.0.0.1:${port}/hello`]).catch(() => undefined);
  if (!asked) {
    const { stdout } = await runCommand(program("http-load", port, CONNECTIONS, seconds));
    return [numberIn(stdout, "rate"), numberIn(stdout, "p99")];
  }
  const [, latency, unit = ""] = /^ +99% +([\d.]+)(us|ms|s)$/m.exec(asked.stdout) ?? [];
  const [, perSecond] = /^Requests\/sec: +([\d.]+)$/m.exec(asked.stdout) ?? [];
  const ms = { us: 0.001, ms: 1, s: 1000 }[unit];
  if (latency === undefined || ms === undefined) throw new Error("wrk does not say how long answers took");
  if (asked.stdout.includes("Non-2xx")) throw new Error("answers that are none");
  return [Number(perSecond), Number(latency) * ms];
}

function firstOf(serve: Serve): Measurement {
  return async () => {
    const start = performance.now();
    const first = async (port: number): Promise<number> => {
      await saidAtOnce(port);
      return performance.now() - start;
    };
    // Ours keeps what V8 has compiled when it ends, if it is let.
    const { value } = await served(serve, first, "SIGTERM");
    return value;
  };
}

/** MiB in a second, and the most MiB that the server had. */
async function sentBack(serve: Serve): Promise<readonly [number, number]> {
  const { value, peakMib } = await served(serve, async (port) => {
    const url = `http://127.0.0.1:${port}/echo`;
    const { stdout } = await runPipeline([
      ["head", "-c", String(BODY_BYTES), "/dev/zero"],
      ["curl", "-sST", "-", "-o", "/dev/null", "-w", "bytes %{size_download}\nseconds %{time_total}\n", url],
    ]);
    if (numberIn(stdout, "bytes") !== BODY_BYTES) throw new Error("the body did not come back");
    return rate(BODY_BYTES, numberIn(stdout, "seconds") * 1e9);
  });
  return [value, peakMib];
}

/** Seconds until several are answered that each wait for an answer that takes one. */
function waitingFor(serve: Serve): Measurement {
  return async () => {
    const { value } = await served(node, async (slow) => {
      const headers = { to: `127.0.0.1:${slow}`, path: "/slow" };
      const { value: seconds } = await served(serve, async (port) => {
        await said(port, {});
        const start = performance.now();
        await Promise.all(Array.from({ length: WAITING }, () => said(port, headers, "/forward")));
        return (performance.now() - start) / 1000;
      });
      return seconds;
    });
    return value;
  };
}

/** Milliseconds and KiB of one of many that stay open. */
async function streaming(serve: Serve): Promise<readonly [number, number]> {
  let before = 0;
  const { value, peakMib } = await served(serve, async (port, residentMib) => {
    await said(port, {});
    before = await residentMib();
    const { stdout } = await runCommand(program("http-streams", port, STREAMS), { timeoutMs: 300_000 });
    return numberIn(stdout, "each");
  });
  return [value, ((peakMib - before) * 1024) / STREAMS];
}

async function said(port: number, headers: Readonly<Record<string, string>>, path = "/hello"): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers });
  const body = await response.text();
  if (body !== "Hello, WASI!") throw new Error(`${response.status}: ${body.slice(0, 100)}`);
}

/** As `said`, without all that a process loads for its first `fetch`. */
async function saidAtOnce(port: number): Promise<void> {
  const socket = connect(port, "127.0.0.1");
  socket.write("GET /hello HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
  let text = "";
  for await (const chunk of socket) text += String(chunk);
  if (!text.includes("Hello, WASI!")) throw new Error(text.slice(0, 100));
}
