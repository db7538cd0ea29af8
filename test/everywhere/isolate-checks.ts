/** What guests of pages do in workers of their own, beside what they do elsewhere. */
import { instantiate, MemoryNetwork, serve, TimeoutError, type Options } from "../../src/browser.ts";
import { holds, rejection, same, textOf, type Check } from "./check.ts";
import type { WebHost } from "./web-checks.ts";

/** A command of preview 1 that computes for ever: its `_start` is a loop. */
const COMPUTES = Uint8Array.of(
  ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
  ...[1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0, 5, 3, 1, 0, 1],
  ...[7, 19, 2, 6, ...new TextEncoder().encode("memory"), 2, 0, 6, ...new TextEncoder().encode("_start"), 0, 0],
  ...[10, 9, 1, 7, 0, 0x03, 0x40, 0x0c, 0, 0x0b, 0x0b],
);

async function said(host: WebHost, name: string, options: Options): Promise<string> {
  let text = "";
  const { exitCode } = await host.run(await host.compile(await host.file(`built/${name}.wasm`)), {
    stdout: (chunk) => void (text += textOf([chunk])),
    stderr: (chunk) => void (text += textOf([chunk])),
    ...options,
  });
  same("exit code", exitCode, 0, text);
  return text;
}

export const isolateChecks: readonly Check<WebHost>[] = [
  {
    title: "isolated: exports and functions in imports are called, and promises of these waited for",
    async play({ file, turn }) {
      const scale = async (x: number): Promise<number> => {
        await turn();
        return x * 10;
      };
      const instance = await instantiate(await file("built/scale.wasm"), { imports: { "docs:demo/host": { scale } } });
      // As scale.wasm has it.
      const { scaleTwice } = instance.exports as { readonly scaleTwice: (x: number) => Promise<number> };
      same("results", await Promise.all([scaleTwice(7), scaleTwice(8)]), [700, 800]);
      await instance.close();
      holds(String(await rejection(scaleTwice(1))).includes("closed"), "a function goes on");
    },
  },
  {
    title: "isolated: timers are heard of while the worker is blocked",
    async play(host) {
      for (const name of ["clocks-monotonic", "timer-not-early", "thousand-timers"]) {
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        await said(host, name, {});
      }
    },
  },
  {
    title: "isolated: a timeout and a signal end a guest that computes",
    async play({ run, compile }) {
      const component = await compile(COMPUTES);
      const error = await rejection(run(component, { isolate: "thread", timeout: 1 }));
      holds(error instanceof TimeoutError, String(error));
      const aborting = new AbortController();
      const running = run(component, { isolate: "thread", signal: aborting.signal });
      aborting.abort(new Error("enough"));
      same("reason", String(await rejection(running)), "Error: enough");
    },
  },
  {
    title: "isolated: a command of WASI 0.3 waits in the middle of its code",
    async play(host) {
      const chunks = ["one\n", "two\n"].values();
      const stdin = async (): Promise<string | null> => {
        await host.turn();
        return chunks.next().value ?? null;
      };
      same("output", await said(host, "p3-cat", { stdin }), "one\ntwo\n");
    },
  },
  {
    title: "isolated: a network in memory of the page's",
    async play(host) {
      for (const name of ["tcp-exchange", "udp-exchange"]) {
        const network = { tcp: true, udp: true, lookup: true, on: new MemoryNetwork() };
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        await said(host, name, { args: [name], network });
      }
    },
  },
  {
    title:
      "isolated: guests answer requests, and send some to each other, more than their memory has room for at a time",
    async play({ file }) {
      const component = await file("built/http-claims.wasm");
      const back = await serve(component);
      const front = await serve(component, { http: (request) => back.fetch(request), reuse: 1000 });
      for (let round = 0; round < 150; round++) {
        const body = `${round} `.repeat(1000);
        const forwarded = { method: "POST", body, headers: { "x-forward-to": "anywhere" } };
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        const response = await front.fetch(new Request("http://test/forward/echo", forwarded));
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        holds((await response.text()) === body, `round ${round}: another body`);
      }
      await Promise.all([front.close(), back.close()]);
    },
  },
  {
    title: "isolated: what is no directory is refused in words",
    async play({ run, compile, file }) {
      const component = await compile(await file("built/hello.wasm"));
      for (const directory of ["/tmp", new Map()]) {
        const preopens = { "/": directory as never };
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        const error = await rejection(run(component, { preopens, isolate: "thread" }));
        holds(String(error).includes("must be an OpenDirectory"), String(error));
      }
    },
  },
];
