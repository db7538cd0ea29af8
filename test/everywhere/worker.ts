/** What a worker that compiles nothing is tried with: a check for each request. main.js, which imports modules, is generated. */
import { precompiled, run, type CompiledComponent } from "../../src/browser.ts";
import type { Host } from "./check.ts";
import { checks } from "./checks.ts";

/** What a worker brings along. */
export interface Brought {
  /** The modules of each guest, by its path. */
  readonly guests: Readonly<Record<string, readonly object[]>>;
  /** Texts, by their paths. */
  readonly texts: Readonly<Record<string, string>>;
}

const encoder = new TextEncoder();

function hostWith({ guests, texts }: Brought): Host {
  const compiled = new Map<string, Promise<CompiledComponent>>();
  return {
    // In the place of its bytes a guest has its path.
    file: async (path) => encoder.encode(texts[path] ?? path),
    compile(bytes) {
      const path = new TextDecoder().decode(bytes);
      const known = compiled.get(path) ?? precompiled(guests[path] ?? []);
      compiled.set(path, known);
      return known;
    },
    run,
    turn: () => new Promise((resolve) => void setTimeout(resolve, 0)),
  };
}

/** `/7` plays check 7; the answer is what was said when it failed, or nothing. */
export function workerOf(brought: Brought): { fetch(request: Request): Promise<Response> } {
  const host = hostWith(brought);
  return {
    async fetch(request) {
      const check = checks[Number(new URL(request.url).pathname.slice(1))];
      const failure = await check?.play(host).then(
        () => "",
        (error: unknown) => (error instanceof Error ? `${error.name}: ${error.message}` : String(error)),
      );
      return new Response(failure ?? "there is no such check");
    },
  };
}
