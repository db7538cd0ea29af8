/**
 * Sluice runs WebAssembly components with WASI 0.2 on JavaScript, with streams that flow.
 *
 * @module
 */
import type { CompiledComponent } from "./run/compile.ts";
import { instantiate as instantiateOn, type RunningInstance } from "./run/instantiate.ts";
import type { InstanceOptions } from "./run/options.ts";
import { run as runOn, type RunResult } from "./run/run.ts";
import { compileOnce } from "./hosts/node/compile.ts";
import { nodePlatform, type Directory } from "./hosts/node/platform.ts";
import type { Input, Output } from "./hosts/node/stdio.ts";

/** What an instance is given; see the fields. */
export type Options = InstanceOptions<Input, Output, Directory>;

/**
 * Makes a component ready to be instantiated any number of times. The same bytes give the same result again, as long as
 * anybody holds it.
 *
 * @param component The bytes of a component. They are not changed, and may be once this has resolved.
 * @throws {InvalidComponentError} If they are none.
 */
export async function compile(component: Uint8Array): Promise<CompiledComponent> {
  return compileOnce(component);
}

/**
 * Makes an instance of a component, to call what it exports.
 *
 * @param component Bytes, or what `compile` gave.
 * @throws As `compile` does.
 * @throws {MissingImportsError} If it imports what this host does not provide.
 */
export async function instantiate(
  component: Uint8Array | CompiledComponent,
  options: Options = {},
): Promise<RunningInstance> {
  return instantiateOn(nodePlatform, await compiled(component), options);
}

/**
 * Runs a command component to its end. All that it wrote has been delivered when this resolves or rejects.
 *
 * @param component Bytes, or what `compile` gave.
 * @throws As `instantiate` does.
 * @throws {WebAssembly.RuntimeError} If the guest traps; {@link Trap} if it broke a rule of the contract.
 * @throws The reason of `options.signal`, if that is aborted.
 */
export async function run(component: Uint8Array | CompiledComponent, options: Options = {}): Promise<RunResult> {
  return runOn(nodePlatform, await compiled(component), options);
}

async function compiled(component: Uint8Array | CompiledComponent): Promise<CompiledComponent> {
  return component instanceof Uint8Array ? compile(component) : component;
}

export { InvalidComponentError } from "./load/reader.ts";
export { UnsupportedComponentError } from "./load/link.ts";
export {
  MissingImportsError,
  WASI_VERSION,
  type ImportedFunction,
  type Imports,
  type ImportValue,
} from "./run/imports.ts";
export { UnsupportedRuntimeError, type CompiledComponent } from "./run/compile.ts";
export type { RunningInstance } from "./run/instantiate.ts";
export { ExitError, type Stats } from "./run/life.ts";
export { GuestSink, GuestSource } from "./run/guest-streams.ts";
export { PreopenError } from "./run/world.ts";
export { NotACommandError, type RunResult } from "./run/run.ts";
export type { InstanceOptions, PreopenOption } from "./run/options.ts";
export type { Input, Output } from "./hosts/node/stdio.ts";
export type { Directory } from "./hosts/node/platform.ts";
export { nodeDirectory, type NodeFilesOptions } from "./hosts/node/files.ts";
export {
  FILE_TYPES,
  FileError,
  type DirectoryEntry,
  type FileStat,
  type FileType,
  type Later,
  type NewTime,
  type OpenDirectory,
  type OpenFile,
  type OpenNode,
  type OpenOptions,
} from "./wasi/filesystem/files.ts";
export { InternalError } from "./bind/lower.ts";
export type { Trace } from "./bind/instance.ts";

export { RuntimeError, Trap } from "./io/trap.ts";
export { IoError, StreamError, WitError, type StreamFailure } from "./io/errors.ts";
export { DEFAULT_LIMITS, type Limits } from "./io/limits.ts";
export type { PermitMode } from "./io/permit.ts";
export { PeerClosed, type Sink, type Source } from "./io/ports.ts";
export { Signal, type Readiness, type Waker, type Watchable } from "./io/readiness.ts";
export type { Tally } from "./io/tally.ts";
export { BytesSource, ClosedSink, closedSource, CollectSink, DiscardSink } from "./io/memory.ts";
export { Pipe } from "./io/pipe.ts";
export { iterableSource, PullSource, type Chunk } from "./io/pull-source.ts";
export { PendingSink } from "./io/pending-sink.ts";
export { PushSink } from "./io/push-sink.ts";
export type { Datetime, MonotonicClock, WallClock } from "./wasi/clocks/clocks.ts";
export { MemoryFiles, type MemoryEntry, type MemoryTree } from "./wasi/filesystem/memory-files.ts";
export type { MemoryFilesOptions } from "./wasi/filesystem/memory-volume.ts";
export { SeededRandom, type RandomSource } from "./wasi/random/random.ts";
