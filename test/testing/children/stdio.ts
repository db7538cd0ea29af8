/**
 * Tries one rule on stdin or stdout of a host, or on a connection of preview2-shim: `stdio.ts shim|sluice
 * input|output|connection pipe|full <rule> <claim>`.
 */
import {
  checkConnection,
  checkInputStream,
  checkOutputStream,
  classInputSubject,
  classOutputSubject,
  ContractError,
  type CheckOptions,
  type ClassInputStream,
  type ClassOutputStream,
  type InputFixture,
  type OutputFixture,
} from "../../../src/testing/index.ts";
import { shimConnection } from "./connection.ts";
import type { Answer, Numbered, Request, Verdict } from "./protocol.ts";

/** What both hosts export as `wasi:cli`. */
interface Host {
  readonly stdin: { getStdin(): ClassInputStream };
  readonly stdout: { getStdout(): ClassOutputStream<unknown> };
}

const ours = process.argv[2] === "sluice";

async function host(): Promise<Host> {
  if (!ours) return import("@bytecodealliance/preview2-shim/cli");
  // The classes of the streams are made there.
  await import("../../../src/map/io.ts");
  // Its functions check what they are given; the shapes are what glue for components expects of them.
  return (await import("../../../src/map/cli.ts")) as unknown as Host;
}

const { stdin, stdout } = await host();
const waiting = new Map<number, (answer: Answer) => void>();
process.on("message", (answer: Answer) => waiting.get(answer.id)?.(answer));
let asked = 0;

function say(message: Numbered | Verdict): void {
  process.send?.(message);
}

async function ask(request: Request): Promise<Answer> {
  const id = ++asked;
  const answer = new Promise<Answer>((resolve) => waiting.set(id, resolve));
  say({ id, request });
  await answer.finally(() => waiting.delete(id));
  return answer;
}

const asking = (request: Request) => async (): Promise<void> => void (await ask(request));

const common = { turn: asking({ do: "turn" }), holdsThread: true } as const;

const supply = async (bytes: Uint8Array): Promise<void> => void (await ask({ do: "supply", bytes: [...bytes] }));

function spliceable(): InputFixture & Required<Pick<InputFixture, "supplyLater" | "end">> {
  return {
    ...common,
    stream: classInputSubject(stdin.getStdin()),
    supply,
    supplyLater: supply,
    end: asking({ do: "end" }),
  };
}

/**
 * For glue that cannot suspend its guest, our streams block the thread whenever they have to wait, so that nothing can
 * be seen of what they do meanwhile.
 */
function input(): InputFixture {
  const { supplyLater, ...fixture } = spliceable();
  return ours ? fixture : { ...fixture, supplyLater };
}

function output(): OutputFixture {
  const stream = classOutputSubject(stdout.getStdout());
  if (process.argv[4] === "full") return { ...common, stream, fail: () => {} };
  const fixture: OutputFixture = {
    ...common,
    stream,
    arrived: async (count) => Uint8Array.from((await ask({ do: "arrived", count })).bytes ?? []),
    leave: asking({ do: "leave" }),
  };
  if (ours) return fixture;
  return { ...fixture, input: spliceable, stall: asking({ do: "stall" }), release: asking({ do: "release" }) };
}

async function verdict(): Promise<Verdict["verdict"]> {
  const [, , , kind, , rule, claim] = process.argv;
  const options: CheckOptions = { only: (tried) => tried.rule === rule && tried.claim === claim };
  const check = {
    input: () => checkInputStream(input, options),
    output: () => checkOutputStream(output, options),
    connection: () => checkConnection(shimConnection, options),
  };
  try {
    // What the parent says.
    const { skipped } = await check[kind as keyof typeof check]();
    return { kept: true, message: skipped.map(({ reason }) => `skipped: ${reason}`).join() };
  } catch (error) {
    if (!(error instanceof ContractError)) throw error;
    return { kept: false, message: error.broken.map(({ message }) => message).join() };
  }
}

say({ verdict: await verdict() });
process.disconnect?.();
