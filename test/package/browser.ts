/** A headless Chromium, over the pipe of its DevTools protocol. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";

const NAMED = process.env["SLUICE_TEST_CHROMIUM"];
const CHROMIUM = NAMED ?? "/usr/bin/chromium";

/** Why no page can be tested here, or false. One that is named has to be there. */
export const NO_BROWSER: string | false =
  NAMED === undefined && !existsSync(CHROMIUM) && `no Chromium: neither ${CHROMIUM} nor in $SLUICE_TEST_CHROMIUM`;

const FLAGS: readonly string[] = [
  "--headless=new",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-dev-shm-usage",
  "--no-first-run",
  "--no-default-browser-check",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-default-apps",
  "--disable-extensions",
  "--disable-sync",
  "--remote-debugging-pipe",
];

/** An answer to the command of this number, or an event, which has none. */
interface Message {
  readonly id?: number;
  readonly result?: object;
  readonly error?: { readonly message: string };
}

interface Evaluated {
  readonly result: { readonly value?: unknown };
  readonly exceptionDetails?: { readonly text: string };
}

/** Who waits for an answer. */
interface Asked {
  resolve(result: object): void;
  reject(error: Error): void;
}

export class Browser {
  readonly #process: ChildProcess;
  readonly #profile: string;
  readonly #commands: Writable;
  readonly #asked = new Map<number, Asked>();
  readonly #exited: Promise<unknown>;
  #asks = 0;
  #stderr = "";

  private constructor(profile: string) {
    this.#profile = profile;
    this.#process = spawn(CHROMIUM, [...FLAGS, `--user-data-dir=${profile}`, "about:blank"], {
      // It reads commands from descriptor 3, and writes to 4.
      stdio: ["ignore", "ignore", "pipe", "pipe", "pipe"],
      // A process group of its own, so that nothing is left of it.
      detached: true,
    });
    const [, , stderr, commands, messages] = this.#process.stdio;
    this.#commands = commands as Writable;
    // It ends on its own when it fails; what it was asked says so.
    this.#commands.on("error", () => {});
    (stderr as Readable).setEncoding("utf8").on("data", (text: string) => (this.#stderr += text));
    this.#listen(messages as Readable);
    this.#exited = once(this.#process, "close").catch((error: unknown) => (this.#stderr += String(error)));
    void this.#exited.then(() => this.#lose());
  }

  static async start(): Promise<Browser> {
    return new Browser(await mkdtemp(join(tmpdir(), "sluice-chromium-")));
  }

  /** Opens a page, and evaluates an expression in it, whose promise is awaited. Resolves with its value. */
  async evaluate(url: string, expression: string): Promise<unknown> {
    const { targetId } = (await this.#ask("Target.createTarget", { url: "about:blank" })) as { targetId: string };
    const attached = await this.#ask("Target.attachToTarget", { targetId, flatten: true });
    const { sessionId } = attached as { sessionId: string };
    const { errorText } = (await this.#ask("Page.navigate", { url }, sessionId)) as { errorText?: string };
    if (errorText !== undefined) throw new Error(`${url}: ${errorText}`);
    const parameters = { expression, awaitPromise: true, returnByValue: true };
    const { result, exceptionDetails } = (await this.#ask("Runtime.evaluate", parameters, sessionId)) as Evaluated;
    if (exceptionDetails) throw new Error(exceptionDetails.text);
    return result.value;
  }

  /** Ends it, whatever it is doing, and removes all that it wrote. */
  async close(): Promise<void> {
    const { pid } = this.#process;
    if (pid !== undefined) {
      try {
        process.kill(-pid, "SIGKILL");
      } catch {
        // It has ended by itself.
      }
      await this.#exited;
    }
    await rm(this.#profile, { recursive: true, force: true, maxRetries: 10 });
  }

  #ask(method: string, params: object, sessionId?: string): Promise<object> {
    const id = ++this.#asks;
    return new Promise((resolve, reject) => {
      this.#asked.set(id, { resolve, reject });
      this.#commands.write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    });
  }

  /** Each message ends with a zero. */
  #listen(messages: Readable): void {
    let rest = "";
    messages.setEncoding("utf8").on("data", (text: string) => {
      const parts = (rest + text).split("\0");
      rest = parts.pop() ?? "";
      for (const part of parts) this.#hear(JSON.parse(part) as Message);
    });
  }

  #hear({ id, result, error }: Message): void {
    if (id === undefined) return;
    const asked = this.#asked.get(id);
    this.#asked.delete(id);
    if (error) asked?.reject(new Error(error.message));
    else asked?.resolve(result ?? {});
  }

  #lose(): void {
    for (const { reject } of this.#asked.values()) reject(new Error(`${CHROMIUM} has ended:\n${this.#stderr}`));
    this.#asked.clear();
  }
}
