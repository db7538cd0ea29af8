/** What is tried in every runtime that Sluice runs in, and what a runtime has to give for that. */
import type { Options } from "../../src/browser.ts";
import type { CompiledComponent, RunResult } from "../../src/api.ts";

/** A runtime, as the checks need it. */
export interface Host {
  readonly compile: (component: Uint8Array) => Promise<CompiledComponent>;
  readonly run: (component: CompiledComponent, options: Options) => Promise<RunResult>;
  /** The contents of a file below `test/guests`, by its path there, such as `built/wc.wasm`. */
  readonly file: (path: string) => Promise<Uint8Array>;
  /** Whatever is due in the event loop has its turn. */
  readonly turn: () => Promise<void>;
}

/** One thing that holds in every runtime, or is listed with the reason why it does not. */
export interface Check<H extends Host = Host> {
  /** No other has the same. */
  readonly title: string;
  /** Rejects, with what was seen instead, if it does not hold. */
  readonly play: (host: H) => Promise<void>;
}

/** @throws {Error} That names both, unless they are the same as JSON. @param said What else helps to understand. */
export function same(what: string, actual: unknown, expected: unknown, said = ""): void {
  const [is, shall] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (is !== shall) throw new Error(`${what} is ${short(is)}, expected ${short(shall)}${said && `\n${said}`}`);
}

/** @throws {Error} Unless it holds. */
export function holds(condition: boolean, otherwise: string): void {
  if (!condition) throw new Error(otherwise);
}

/** What `promise` rejects with. @throws {Error} If it does not. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  let value;
  try {
    value = await promise;
  } catch (error) {
    return error;
  }
  throw new Error(`resolved with ${String(value)}, expected a rejection`);
}

export function joined(chunks: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

export function textOf(chunks: readonly Uint8Array[]): string {
  return new TextDecoder().decode(joined(chunks));
}

function short(text: string | undefined): string {
  return text === undefined ? "undefined" : text.length > 1000 ? `${text.slice(0, 1000)}...` : text;
}
