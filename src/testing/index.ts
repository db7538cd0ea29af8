/**
 * The contract of `wasi:io` as functions, for any implementation, and what tests of streams need: sources and sinks that
 * misbehave when told to, a clock that stands still, and a way to show that something waits.
 *
 * @module
 */
export {
  checkConnection,
  checkEnds,
  checkFiles,
  checkHandler,
  checkInputStream,
  checkOutputStream,
  checkPollable,
  checkUdp,
  CONNECTION_RULES,
  ENDS_RULES,
  FILES_RULES,
  HANDLER_RULES,
  INPUT_STREAM_RULES,
  OUTPUT_STREAM_RULES,
  POLLABLE_RULES,
  UDP_RULES,
} from "./check.ts";
export {
  ContractError,
  type BrokenRule,
  type CheckOptions,
  type Fixture,
  type Report,
  type Rule,
  type SkippedRule,
} from "./claims.ts";
export { connectionEnd, connectionPair, type ConnectionEnd, type ConnectionFixture } from "./connection-subject.ts";
export type { Ends, EndsFixture } from "./ends-claims.ts";
export { ENDED, type EndSide, type EndStep, type EndTold } from "./ends-model.ts";
export type { FilesFixture } from "./files-subject.ts";
export type { Handler, HandlerFixture } from "./handler-subject.ts";
export type { InputFixture } from "./input-claims.ts";
export type { OutputFixture } from "./output-claims.ts";
export type { PollableFixture } from "./pollable-claims.ts";
export type { UdpFixture } from "./udp-claims.ts";
export type { Awaitable, InputSubject, Length, OutputSubject, PollableSubject } from "./subject.ts";
export {
  classInputSubject,
  classOutputSubject,
  classPollableSubject,
  inputIntoSubject,
  inputSubject,
  outputSubject,
  pollableSubject,
  type ClassInputStream,
  type ClassOutputStream,
  type ClassPollable,
} from "./adapters.ts";
export { FaultyFile, type FileFaults } from "./faulty-file.ts";
export { FaultySink, faultySink, type SinkFaults } from "./faulty-sink.ts";
export { FaultySource, faultySource, type SourceFaults } from "./faulty-source.ts";
export { FakeClock } from "./fake-clock.ts";
export { eventually, microtasks, staysPending, type Turn } from "./turns.ts";
// What the adapters above take: our own streams, to put a source or a sink of yours under test.
export { InputStream } from "../io/input-stream.ts";
export { Outlet, type OutletState } from "../io/outlet.ts";
export { OutputStream } from "../io/output-stream.ts";
export type { PermitMode } from "../io/permit.ts";
export type { Sink, Source } from "../io/ports.ts";
export type {
  DirectoryEntry,
  FileStat,
  FileType,
  Later,
  NewTime,
  OpenDirectory,
  OpenFile,
  OpenOptions,
} from "../wasi/filesystem/files.ts";
export type { Family, IpAddress, SocketAddress } from "../wasi/sockets/address.ts";
export type { TcpConnection, TcpHandle, TcpListenerEvents, TcpOptions, TcpPort } from "../wasi/sockets/tcp-port.ts";
export { HttpError, type BareCode, type FieldSize, type HttpErrorCode } from "../wasi/http/error-code.ts";
export type { HttpBody, HttpClient, HttpRequest, HttpResponse, Timeouts } from "../wasi/http/exchange.ts";
export type { Field } from "../wasi/http/fields.ts";
export type { Method, Scheme } from "../wasi/http/message.ts";
export type { SendReport, UdpEvents, UdpHandle, UdpPort } from "../wasi/sockets/udp-port.ts";
export type { Readiness, Waker, Watchable } from "../io/readiness.ts";
export { complete, type Steps } from "../io/steps.ts";
export type { Tally } from "../io/tally.ts";
