/**
 * Every claim of every guest, on in-process streams, on each of the ways that its calls can take: answered by
 * WebAssembly where that can be, by the fast functions without it, and, with a trace, by the general ones.
 */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import {
  BytesSource,
  closedSource,
  compile,
  DiscardSink,
  PeerClosed,
  PullSource,
  PushSink,
  run,
  Signal,
  type Options,
  type Sink,
  type Source,
  type Waker,
} from "../../src/index.ts";
import { claims } from "./claims.ts";
import type { Claim, Stdin, Stdout } from "./claims/claim.ts";

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Never says anything. */
function never(): Promise<never> {
  return new Promise(() => {});
}

function stdinOf(stdin: Stdin = { kind: "closed" }): Source {
  switch (stdin.kind) {
    case "bytes":
      return new BytesSource(stdin.text);
    case "closed":
      return closedSource();
    case "stalled":
      return new PullSource(never);
    case "late": {
      const chunks = stdin.chunks.values();
      return new PullSource(async () => {
        await turn();
        await turn();
        return chunks.next().value ?? null;
      });
    }
    case "failing": {
      let given = false;
      return new PullSource(async () => {
        if (!given) {
          given = true;
          return stdin.after;
        }
        throw Object.assign(new Error("EIO: i/o error, read"), { code: "EIO", errno: -5, syscall: "read" });
      });
    }
  }
}

/** Takes a few bytes in each turn of the event loop. */
class SlowSink extends DiscardSink {
  readonly chunks: Uint8Array[] = [];
  readonly #changed = new Signal();
  readonly #perTurn: number;
  #left: number;
  #resting = false;

  constructor(perTurn: number) {
    super();
    this.#perTurn = perTurn;
    this.#left = perTurn;
  }

  override write(bytes: Uint8Array): number {
    const taken = bytes.slice(0, this.#left);
    this.#left -= taken.length;
    if (taken.length > 0) this.chunks.push(taken);
    this.#rest();
    return taken.length;
  }

  override flush(): boolean {
    this.#rest();
    return this.#left === this.#perTurn;
  }

  override watch(waker?: Waker): void {
    if (waker) this.#changed.watch(waker);
  }

  override unwatch(waker?: Waker): void {
    if (waker) this.#changed.unwatch(waker);
  }

  #rest(): void {
    if (this.#resting || this.#left === this.#perTurn) return;
    this.#resting = true;
    setImmediate(() => {
      this.#resting = false;
      this.#left = this.#perTurn;
      this.#changed.notify();
    });
  }
}

/** Takes so many bytes, and fails in a later turn when it is given more; or never takes any, until the guest is over. */
class EndingSink extends DiscardSink {
  readonly chunks: Uint8Array[] = [];
  readonly #changed = new Signal();
  readonly #cause: unknown;
  #left: number;
  #failing = false;
  #failed = false;

  constructor(afterBytes: number, cause: unknown) {
    super();
    this.#left = afterBytes;
    this.#cause = cause;
  }

  override write(bytes: Uint8Array): number {
    if (this.#failed) throw this.#cause;
    const taken = bytes.slice(0, this.#left);
    this.#left -= taken.length;
    if (taken.length > 0) this.chunks.push(taken);
    if (taken.length < bytes.length && !this.#failing) {
      this.#failing = true;
      void turn().then(() => this.fail());
    }
    return taken.length;
  }

  override flush(): boolean {
    if (this.#failed) throw this.#cause;
    return !this.#failing;
  }

  override watch(waker?: Waker): void {
    if (waker) this.#changed.watch(waker);
  }

  override unwatch(waker?: Waker): void {
    if (waker) this.#changed.unwatch(waker);
  }

  fail(): void {
    this.#failed = true;
    this.#changed.notify();
  }
}

class StalledSink extends EndingSink {
  constructor() {
    super(0, new PeerClosed());
  }

  override write(): number {
    return 0;
  }

  override flush(): boolean {
    return false;
  }
}

function stdoutOf(stdout: Stdout = { kind: "collect" }): Sink & { readonly chunks: Uint8Array[] } {
  switch (stdout.kind) {
    case "collect":
      return new SlowSink(Number.POSITIVE_INFINITY);
    case "slow":
      return new SlowSink(100);
    case "failing":
      return new EndingSink(
        stdout.afterBytes,
        Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" }),
      );
    case "closing":
      return new EndingSink(stdout.afterBytes, new PeerClosed());
    case "stalled":
      return new StalledSink();
  }
}

const WAYS = ["leased", "fast", "traced"] as const;

async function play(claim: Claim, way: (typeof WAYS)[number]): Promise<void> {
  const wasm = await readFile(new URL(`built/${claim.name}.wasm`, import.meta.url));
  const component = await compile(wasm);
  const stdout = stdoutOf(claim.stdout);
  const stderr: string[] = [];
  const over = new AbortController();
  const calls: string[] = [];
  const options: Options = {
    leases: way !== "fast",
    args: claim.args ?? [claim.name],
    env: claim.env ?? {},
    stdin: stdinOf(claim.stdin),
    stdout,
    // A sink that stalls would hold up the end of the run for ever: that the guest is over, standard error is told too.
    stderr: new PushSink(
      (chunk) => void stderr.push(Buffer.from(chunk).toString()),
      () => {
        if (claim.stdout?.kind === "stalled") over.abort("the guest is over");
      },
    ),
    signal: over.signal,
    ...(claim.limits && { limits: claim.limits }),
    ...(claim.permits && { permits: claim.permits }),
    ...(way === "traced" && {
      trace: (name: string, _values: readonly unknown[], outcome: string) => {
        calls.push(`${name} ${outcome}`);
        if (calls.length > 20) calls.shift();
      },
    }),
  };
  const outcome = await run(component, options).then(
    ({ exitCode }) => `exit ${exitCode}`,
    (error: unknown) => (error === "the guest is over" ? "exit 0" : `trap ${String(error)}`),
  );
  const said = `${stderr.join("")}${calls.join("\n")}`;
  if ("exit" in claim.expect) assert.equal(outcome, `exit ${claim.expect.exit}`, said);
  else {
    assert.match(outcome, /^trap /, said);
    assert.ok(outcome.includes(claim.expect.trap), `${outcome}\nshould say: ${claim.expect.trap}`);
    assert.equal(stderr.join(""), "");
  }
  const bytes = Buffer.concat(stdout.chunks);
  if (claim.stdoutText !== undefined) assert.equal(bytes.toString(), claim.stdoutText);
  if (claim.stdoutBytes !== undefined) assert.equal(bytes.length, claim.stdoutBytes);
}

for (const claim of claims) {
  const how = [claim.stdin?.kind, claim.stdout?.kind, claim.args?.slice(1).join(" ")].filter(Boolean).join(", ");
  const title = `${claim.rules.join(" ")} ${claim.name}: ${claim.claim}${how && ` (${how})`}`;
  for (const way of WAYS) test(`${title}, ${way}`, { timeout: 20_000 }, () => play(claim, way));
}
