/** The contracts of streams, pollables, files, sockets and HTTP, on what every runtime has. */
import { clientOf } from "../../src/hosts/web/carry.ts";
import { incomingOf, webResponseOf } from "../../src/hosts/web/http.ts";
import { webSource } from "../../src/hosts/web/readable.ts";
import { WebSink } from "../../src/hosts/web/writable.ts";
import {
  checkFiles,
  checkHandler,
  checkInputStream,
  checkOutputStream,
  checkUdp,
  type Handler,
  type HandlerFixture,
  type InputFixture,
  type OutputFixture,
  type Report,
} from "../../src/testing/index.ts";
import { MemoryFiles } from "../../src/wasi/filesystem/memory-files.ts";
import { MemoryNetwork } from "../../src/wasi/sockets/memory-network.ts";
import { inputOf, memoryInput, outputOf } from "../testing/fixtures.ts";
import { joined, same, type Check, type Host } from "./check.ts";
import { collecting, supplied } from "./web-ends.ts";

/** @param unable What the fixture cannot do, which rules are skipped for. */
async function kept(report: Promise<Report>, unable: readonly string[] = []): Promise<void> {
  const { skipped } = await report;
  const reasons = new Set(skipped.map(({ reason }) => reason));
  same("what was skipped for", [...reasons], unable);
}

function output(turn: Host["turn"], strategy?: QueuingStrategy<Uint8Array>, limitBytes?: number): OutputFixture {
  const { stream, gate, chunks, error } = collecting(strategy);
  return {
    ...outputOf(new WebSink(stream), limitBytes),
    turn,
    arrived: () => joined(chunks),
    stall: gate.close,
    release: gate.open,
    fail: () => {
      error(new Error("the other side failed"));
      gate.open();
    },
    input: () => memoryInput(),
  };
}

function input(turn: Host["turn"], type: "bytes" | undefined): InputFixture {
  const { stream, controller } = supplied(type);
  const supply = (bytes: Uint8Array): void => controller().enqueue(bytes.slice());
  return {
    ...inputOf(webSource(stream)),
    turn,
    supply,
    supplyLater: supply,
    end() {
      const started = controller();
      started.close();
      // As the standard wants it: a reader's buffer that is still waiting has to be handed back.
      if ("byobRequest" in started) started.byobRequest?.respond(0);
    },
  };
}

/** What any promise is worth to somebody who has given up. */
async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = new Promise<never>((_, reject) =>
    signal.addEventListener("abort", () => reject(new Error("aborted")), { once: true }),
  );
  return Promise.race([promise, aborted]);
}

async function answered(answer: Handler, asked: Request): Promise<Response> {
  return webResponseOf(await answer(incomingOf(asked)));
}

/** Both ends of HTTP in one process, by the objects of the Fetch standard. */
function handler(turn: Host["turn"]): HandlerFixture {
  return {
    ...{ isDuplex: true, turn },
    serve: (answer) => ({
      authority: "name.test",
      client: clientOf((asked: Request) => unlessAborted(answered(answer, asked), asked.signal)),
    }),
  };
}

export const contractChecks: readonly Check[] = [
  {
    title: "a WritableStream keeps every rule of output-stream",
    play: ({ turn }) =>
      kept(
        checkOutputStream(() => output(turn)),
        ["the fixture has no leave"],
      ),
  },
  {
    title: "a WritableStream that counts bytes keeps every rule of output-stream",
    play: ({ turn }) =>
      kept(
        checkOutputStream(() => output(turn, new ByteLengthQueuingStrategy({ highWaterMark: 100 }), 1000)),
        ["the fixture has no leave"],
      ),
  },
  ...(["bytes", undefined] as const).map((type): Check => {
    return {
      title: `a ReadableStream of ${type ?? "chunks"} keeps every rule of input-stream`,
      play: ({ turn }) =>
        kept(
          checkInputStream(() => input(turn, type)),
          ["the fixture has no fail"],
        ),
    };
  }),
  ...[false, true].map((later): Check => {
    return {
      title: `files in memory that answer ${later ? "later" : "at once"} keep every rule of files`,
      play: () =>
        kept(
          checkFiles(() => ({
            directory: new MemoryFiles({ later }).root(),
            elsewhere: new MemoryFiles({ later }).root(),
          })),
        ),
    };
  }),
  {
    title: "a network in memory keeps every rule of UDP",
    play: () => kept(checkUdp(() => ({ port: new MemoryNetwork().udp }))),
  },
  {
    title: "the objects of Fetch keep every rule of HTTP but of what they do not have",
    play: ({ turn }) =>
      kept(
        checkHandler(() => handler(turn)),
        ["the fixture has no keepsFields", "the fixture has no hasTrailers"],
      ),
  },
];
