import type { Loop } from "../bind/task.ts";
import type { Sink, Source } from "../io/ports.ts";
import type { MonotonicClock, WallClock } from "../wasi/clocks.ts";
import type { OpenDirectory } from "../wasi/files.ts";
import type { RandomSource } from "../wasi/random.ts";
import type { Transpiled } from "./transpile.ts";

/** What a runtime (Node, a browser) provides to run components on it. */
export interface Platform {
  readonly loop: Loop;
  readonly monotonicClock: MonotonicClock;
  readonly wallClock: WallClock;
  readonly random: RandomSource;
  /** Makes sources and sinks of whatever streams this runtime has. @throws {TypeError} If one is none. */
  standard(options: StandardOptions): OpenedStandard;
  /** Opens a directory for a guest, who calls it `path`. @throws If there is none. */
  directory(value: unknown, path: string, blocking: boolean): OpenDirectory;
  /** Loads the glue of a transpiled component as a module. */
  transpile(component: Uint8Array, cache: CacheOption): Promise<LoadedComponent>;
}

/** What somebody wants to be the standard streams of a guest. */
export interface StandardOptions {
  readonly stdin: unknown;
  readonly stdout: unknown;
  readonly stderr: unknown;
  /** See `InstanceOptions.blockingStdio`. */
  readonly blockingStdio: boolean;
}

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

/** Where transpiled components are kept: a folder, the platform's own, or nowhere. */
export type CacheOption = string | boolean;

/** A transpiled component whose glue is loaded. */
export interface LoadedComponent {
  readonly imports: Transpiled["imports"];
  readonly cores: Transpiled["cores"];
  readonly glue: Glue;
}

/** A `WebAssembly.Module`: see RuntimeError in io/trap.ts for why it is not called so. */
export type CoreModule = object;

/** The module that jco generates. */
export interface Glue {
  instantiate(
    getCoreModule: (name: string) => CoreModule,
    imports: Record<string, unknown>,
  ): Promise<Record<string, unknown>>;
}
