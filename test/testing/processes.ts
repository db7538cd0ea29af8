/** Runs a host in processes of its own, one for each rule, and plays the other side of their stdin and stdout. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { availableParallelism } from "node:os";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import type { Rule } from "../../src/testing/index.ts";
import { turn } from "./fixtures.ts";
import { Silence } from "./silence.ts";
import type { Answer, Numbered, Verdict } from "./children/protocol.ts";

const CHILD = fileURLToPath(new URL("children/stdio.ts", import.meta.url));

export interface Tried extends Rule {
  readonly outcome: "kept" | "broken" | "skipped";
  readonly message: string;
}

/** Tries all of `rules`, some at a time. */
export async function tryOn(
  host: "shim" | "sluice",
  kind: "input" | "output" | "connection",
  rules: readonly Rule[],
  stdout: "pipe" | "full" = "pipe",
): Promise<Tried[]> {
  const tried: Tried[] = [];
  const queue = [...rules.entries()];
  const work = async (): Promise<void> => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      const [index, rule] = next;
      // oxlint-disable-next-line no-await-in-loop -- one process at a time
      tried[index] = { ...rule, ...(await tryOne(host, kind, rule, stdout)) };
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() + 1 }, work));
  return tried;
}

async function tryOne(
  host: "shim" | "sluice",
  kind: "input" | "output" | "connection",
  { rule, claim }: Rule,
  stdout: "pipe" | "full",
): Promise<Pick<Tried, "outcome" | "message">> {
  const full = stdout === "full" ? openSync("/dev/full", "w") : undefined;
  const child = spawn(process.execPath, [CHILD, host, kind, stdout, rule, claim], {
    stdio: ["pipe", full ?? "pipe", "ignore", "ipc"],
  });
  if (full !== undefined) closeSync(full);
  const { promise, resolve } = Promise.withResolvers<Pick<Tried, "outcome" | "message">>();
  const silence = new Silence(child.pid, () => resolve({ outcome: "broken", message: "it hangs" }));
  const other = new OtherSide(child);
  child.on("message", (message: Numbered | Verdict) => {
    silence.broken();
    if ("verdict" in message) {
      const { kept, message: said } = message.verdict;
      resolve({ outcome: kept ? (said === "" ? "kept" : "skipped") : "broken", message: said });
    } else {
      void other
        .answer(message)
        .then((answer) => child.connected && child.send(answer, () => {}))
        .catch(() => {});
    }
  });
  child.on("exit", (code, signal) => resolve({ outcome: "broken", message: `it ends the process: ${code ?? signal}` }));
  try {
    return await promise;
  } finally {
    silence.close();
    child.kill("SIGKILL");
    other.close();
  }
}

/** What the process reads from and writes to. */
class OtherSide {
  readonly #stdin: Writable | null;
  readonly #stdout: Readable | null;
  readonly #bytes: number[] = [];

  constructor({ stdin, stdout }: ChildProcess) {
    this.#stdin = stdin;
    this.#stdout = stdout;
    stdin?.on("error", () => {});
    stdout?.on("error", () => {});
    stdout?.on("data", (chunk: Uint8Array) => {
      for (const byte of chunk) this.#bytes.push(byte);
    });
  }

  async answer({ id, request }: Numbered): Promise<Answer> {
    switch (request.do) {
      case "stall":
        this.#stdout?.pause();
        return { id };
      case "release":
        this.#stdout?.resume();
        return { id };
      case "leave":
        this.close();
        return { id };
      case "arrived":
        return { id, bytes: await this.#arrived(request.count) };
      case "supply":
        this.#stdin?.write(Uint8Array.from(request.bytes));
        return { id };
      case "end":
        this.#stdin?.end();
        return { id };
      case "turn":
        await turn();
        return { id };
    }
  }

  close(): void {
    this.#stdout?.destroy();
    this.#stdin?.destroy();
  }

  async #arrived(count: number): Promise<number[]> {
    // Bytes that never come are found out by the check: a call of it never answers.
    while (this.#bytes.length < count && this.#stdout) {
      // oxlint-disable-next-line no-await-in-loop -- chunk by chunk
      await once(this.#stdout, "data");
    }
    return this.#bytes;
  }
}
