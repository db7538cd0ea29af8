/** A handler behind the server that a runtime has for Fetch: prints where it listens. */
import { readFile } from "node:fs/promises";
import process from "node:process";
import { serve } from "../../src/index.ts";

type Answer = (request: Request) => Promise<Response>;

/** Of these runtimes, as far as it is used here. */
interface Servers {
  readonly Deno?: {
    serve(options: { port: number; hostname: string; onListen(at: { port: number }): void }, answer: Answer): unknown;
  };
  readonly Bun?: { serve(options: { port: number; hostname: string; fetch: Answer }): { readonly port: number } };
}

const guests = await serve(await readFile(new URL("../guests/built/http-claims.wasm", import.meta.url)));
const { Deno, Bun } = globalThis as Servers;
const at = { port: 0, hostname: "127.0.0.1" };
const listens = (port: number): void => void process.stderr.write(`Serving HTTP on http://127.0.0.1:${port}/\n`);
if (Deno) Deno.serve({ ...at, onListen: ({ port }) => listens(port) }, guests.fetch);
else if (Bun) listens(Bun.serve({ ...at, fetch: guests.fetch }).port);
