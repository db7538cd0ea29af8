/** Tries one rule on stdin or stdout of preview2-shim: `shim.ts input|output pipe|full <rule> <claim>`. */
import { stdin, stdout } from "@bytecodealliance/preview2-shim/cli";
import {
  checkInputStream,
  checkOutputStream,
  classInputSubject,
  classOutputSubject,
  ContractError,
  type CheckOptions,
  type InputFixture,
  type OutputFixture,
} from "../../../src/testing/index.ts";
import type { Answer, Numbered, Request, Verdict } from "./protocol.ts";

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

function input(): InputFixture & Required<Pick<InputFixture, "supplyLater" | "end">> {
  const supply = async (bytes: Uint8Array): Promise<void> => void (await ask({ do: "supply", bytes: [...bytes] }));
  return {
    ...common,
    stream: classInputSubject(stdin.getStdin()),
    supply,
    supplyLater: supply,
    end: asking({ do: "end" }),
  };
}

function output(): OutputFixture {
  const toFullDevice = process.argv[3] === "full";
  return {
    ...common,
    stream: classOutputSubject(stdout.getStdout()),
    input,
    ...(toFullDevice
      ? { fail: () => {} }
      : {
          arrived: async (count) => Uint8Array.from((await ask({ do: "arrived", count })).bytes ?? []),
          stall: asking({ do: "stall" }),
          release: asking({ do: "release" }),
          leave: asking({ do: "leave" }),
        }),
  };
}

async function verdict(): Promise<Verdict["verdict"]> {
  const [, , kind, , rule, claim] = process.argv;
  const options: CheckOptions = { only: (tried) => tried.rule === rule && tried.claim === claim };
  try {
    const { skipped } = await (kind === "input"
      ? checkInputStream(input, options)
      : checkOutputStream(output, options));
    return { kept: true, message: skipped.map(({ reason }) => `skipped: ${reason}`).join() };
  } catch (error) {
    if (!(error instanceof ContractError)) throw error;
    return { kept: false, message: error.broken.map(({ message }) => message).join() };
  }
}

say({ verdict: await verdict() });
process.disconnect();
