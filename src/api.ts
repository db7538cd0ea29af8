/** What is the same on every platform. index.ts and browser.ts give it, with functions of their own. */
export { InvalidComponentError } from "./load/invalid-component.ts";
export { UnsupportedComponentError } from "./load/unsupported.ts";
export { WASI_VERSION, type ImportedFunction, type Imports, type ImportValue } from "./run/imports.ts";
export { MissingImportsError } from "./run/missing-imports.ts";
export type { ComponentBytes, ComponentResponse } from "./run/bytes.ts";
export type { CompiledComponent } from "./run/component.ts";
export { precompiled } from "./run/precompiled.ts";
export type { RunningInstance } from "./run/instantiate.ts";
export { ExitError, TimeoutError, type FileLevel, type Levels, type Stats } from "./run/life.ts";
export { GuestSink, GuestSource } from "./run/embed/guest-streams.ts";
export { GuestByteStream, GuestStream } from "./run/embed/held-streams.ts";
export { PreopenError } from "./run/world.ts";
export { NotACommandError, runCommand, type RunResult } from "./run/run.ts";
export { NotAHandlerError } from "./run/serve/not-a-handler.ts";
export { ServerClosedError } from "./run/serve/server-closed.ts";
export type { FetchLike } from "./run/fetch.ts";
export type { HttpOptions, InstanceOptions, NetworkOptions, PreopenOption } from "./run/options.ts";
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
export type { Trace } from "./bind/instance.ts";

export { UnsupportedRuntimeError } from "./io/unsupported-runtime.ts";
export { InternalError, RuntimeError, Trap } from "./io/trap.ts";
export { IoError, StreamError, WitError, type StreamFailure } from "./io/errors.ts";
export type { Level } from "./io/level.ts";
export { DEFAULT_LIMITS, type Limits } from "./io/limits.ts";
export type { PermitMode } from "./io/permit.ts";
export { PeerClosed, type Sink, type Source } from "./io/ports.ts";
export { Signal, type Readiness, type Waker, type Watchable } from "./io/readiness.ts";
export type { Tally } from "./io/tally.ts";
export { BytesSource, ClosedSink, closedSource, CollectSink, DiscardSink } from "./io/memory.ts";
export { Pipe } from "./io/pipe.ts";
export { iterableSource } from "./io/iterable-source.ts";
export { PullSource, type Chunk } from "./io/pull-source.ts";
export { PendingSink } from "./io/pending-sink.ts";
export { PushSink } from "./io/push-sink.ts";
export type { Datetime, MonotonicClock, WallClock } from "./wasi/clocks/clocks.ts";
export { MemoryFiles, type MemoryEntry, type MemoryTree } from "./wasi/filesystem/memory-files.ts";
export { readSnapshot, writeSnapshot } from "./wasi/filesystem/memory-snapshot.ts";
export type { MemoryFilesOptions } from "./wasi/filesystem/memory-volume.ts";
export { HttpError, type FieldSize, type HttpErrorCode } from "./wasi/http/error-code.ts";
export type { HttpBody, HttpClient, HttpRequest, HttpResponse, Timeouts } from "./wasi/http/exchange.ts";
export type { Field } from "./wasi/http/fields.ts";
export type { Family, IpAddress, SocketAddress } from "./wasi/sockets/address.ts";
export { NetworkError } from "./wasi/sockets/error-code.ts";
export type { LookupPort } from "./wasi/sockets/lookup.ts";
export { MemoryNetwork, type MemoryNetworkOptions } from "./wasi/sockets/memory-network.ts";
export type { SocketsStats, SocketStats, SocketTally } from "./wasi/sockets/tallies.ts";
export type { AddressCheck, NetworkPorts, SocketUse } from "./wasi/sockets/network.ts";
export { isPrivate, PRIVATE_RANGES, type NetworkRules } from "./wasi/sockets/rules.ts";
export type { TcpConnection, TcpHandle, TcpListenerEvents, TcpOptions, TcpPort } from "./wasi/sockets/tcp-port.ts";
export type { SendReport, UdpEvents, UdpHandle, UdpPort } from "./wasi/sockets/udp-port.ts";
export { SeededRandom, type RandomSource } from "./wasi/random/random.ts";
