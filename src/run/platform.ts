import type { Part } from "../io/part.ts";
import type { Loop } from "../wait/task.ts";
import type { Pages } from "../load/renew/clearing.ts";
import type { Sink, Source } from "../io/ports.ts";
import type { MonotonicClock, WallClock } from "../wasi/clocks/clocks.ts";
import type { OpenDirectory } from "../wasi/filesystem/files.ts";
import type { NetworkPorts } from "../wasi/sockets/network.ts";
import type { HttpClient } from "../wasi/http/exchange.ts";
import type { ResolveHost } from "../wasi/http/resolve.ts";
import type { FetchAdapter } from "./fetch.ts";
import type { KnownGrants } from "./network-grants.ts";
import type { RandomSource } from "../wasi/random/random.ts";

/** What a runtime (Node, a browser) provides to run components on it. */
export interface Platform {
  readonly loop: Loop;
  readonly monotonicClock: MonotonicClock;
  readonly wallClock: WallClock;
  readonly random: RandomSource;
  /** Its network, if it has one. Asked for only for a guest that is given one. */
  readonly network?: () => Promise<NetworkPorts>;
  /** What carries requests out on it, if anything does. Asked for only for a guest that may send some. */
  readonly http?: () => Promise<(resolve: ResolveHost, maxExchanges: number) => HttpClient>;
  /** Functions of its own that know `Request` and `Response`. */
  readonly web?: () => Promise<FetchAdapter>;
  /** What was made of options before, where many instances are given the same. */
  readonly known?: KnownGrants;
  /** What gives memory of guests back to the system, if anything does. Asked for when there is some that may be. */
  readonly pages?: () => Pages | undefined;
  /** Looks at what `standard` is to open, and does nothing to it. @throws {TypeError} If one is no stream. */
  assertStreams?(options: StandardOptions): void;
  /** Makes sources and sinks of whatever streams this runtime has. @throws {TypeError} If one is none. */
  standard(options: StandardOptions): OpenedStandard;
  /** What `directory` takes to check file systems of an embedder's, if that is to be loaded. */
  readonly checks?: Part<unknown>;
  /** What `source` and `sink` take to open more than bytes, text and functions, if that is to be loaded. */
  readonly streams?: Part<{ assertStreams(options: StandardStreams): void }>;
  /** Opens a directory for a guest, who calls it `path`. @throws If there is none. */
  directory(value: unknown, path: string, blocking: boolean): OpenDirectory;
  /** Makes a source of a stream of this runtime's. @param name Of it, for messages. @throws {TypeError} If it is none. */
  source(value: unknown, name: string): Source;
  /** As `source`. */
  sink(value: unknown, name: string): Sink;
}

/** What somebody wants to be the standard streams of a guest. */
export interface StandardOptions {
  readonly stdin: unknown;
  readonly stdout: unknown;
  readonly stderr: unknown;
  /** See `InstanceOptions.blockingStdio`. */
  readonly blockingStdio: boolean;
}

/** Those of them that are given. */
export type StandardStreams = Partial<Omit<StandardOptions, "blockingStdio">>;

/** Opens what was looked at, and is as it was until then. */
export type Opener<T> = () => T;

export interface OpenedStandard {
  readonly stdin: OpenedInput;
  readonly stdout: OpenedOutput;
  readonly stderr: OpenedOutput;
}

export interface OpenedInput {
  readonly source: Source;
  readonly isTerminal: boolean;
}

export interface OpenedOutput {
  readonly sink: Sink;
  readonly isTerminal: boolean;
}
