import { tryClaims, type CheckOptions, type Report, type Rule } from "./claims.ts";
import { CONNECTION_CLAIMS } from "./connection-claims.ts";
import { CONNECTION_FAILURE_CLAIMS } from "./connection-failure-claims.ts";
import type { ConnectionFixture } from "./connection-subject.ts";
import { DIRECTORY_CLAIMS } from "./directory-claims.ts";
import { ENDS_CLAIMS, type EndsFixture } from "./ends-claims.ts";
import { FILE_CLAIMS } from "./files-claims.ts";
import type { FilesFixture } from "./files-subject.ts";
import { HANDLER_CLAIMS } from "./handler-claims.ts";
import type { HandlerFixture } from "./handler-subject.ts";
import { INPUT_CLAIMS, type InputFixture } from "./input-claims.ts";
import { OUTPUT_CLAIMS, type OutputFixture } from "./output-claims.ts";
import { OUTPUT_FAILURE_CLAIMS } from "./output-failure-claims.ts";
import { POLLABLE_CLAIMS, type PollableFixture } from "./pollable-claims.ts";
import type { Awaitable } from "./subject.ts";
import { UDP_CLAIMS, type UdpFixture } from "./udp-claims.ts";

const ALL_OUTPUT_CLAIMS = [...OUTPUT_CLAIMS, ...OUTPUT_FAILURE_CLAIMS];

/** What `checkInputStream` tries. */
export const INPUT_STREAM_RULES: readonly Rule[] = INPUT_CLAIMS.map(withoutCode);

/** What `checkOutputStream` tries. */
export const OUTPUT_STREAM_RULES: readonly Rule[] = ALL_OUTPUT_CLAIMS.map(withoutCode);

/** What `checkPollable` tries. */
export const POLLABLE_RULES: readonly Rule[] = POLLABLE_CLAIMS.map(withoutCode);

/** What `checkFiles` tries. */
export const FILES_RULES: readonly Rule[] = [...FILE_CLAIMS, ...DIRECTORY_CLAIMS].map(withoutCode);

const ALL_CONNECTION_CLAIMS = [...CONNECTION_CLAIMS, ...CONNECTION_FAILURE_CLAIMS];

/** What `checkConnection` tries. */
export const CONNECTION_RULES: readonly Rule[] = ALL_CONNECTION_CLAIMS.map(withoutCode);

/** What `checkHandler` tries. */
export const HANDLER_RULES: readonly Rule[] = HANDLER_CLAIMS.map(withoutCode);

/** What `checkEnds` tries. */
export const ENDS_RULES: readonly Rule[] = ENDS_CLAIMS.map(withoutCode);

/** What `checkUdp` tries. */
export const UDP_RULES: readonly Rule[] = UDP_CLAIMS.map(withoutCode);

function withoutCode({ rule, claim }: Rule): Rule {
  return { rule, claim };
}

/**
 * Plays the contract of `input-stream` on any implementation.
 *
 * @param make Gives a fresh stream each time, with the controls of its other side.
 * @returns What was kept, and what could not be tried.
 * @throws {ContractError} With all rules that it breaks, one a line.
 * @see WASI 0.2 `wasi:io/streams` `input-stream`
 */
export function checkInputStream(make: () => Awaitable<InputFixture>, options?: CheckOptions): Promise<Report> {
  return tryClaims(INPUT_CLAIMS, ["stream"], make, options);
}

/**
 * Plays the contract of `output-stream` on any implementation.
 *
 * @param make Gives a fresh stream each time, with the controls of its other side.
 * @returns What was kept, and what could not be tried.
 * @throws {ContractError} With all rules that it breaks, one a line.
 * @see WASI 0.2 `wasi:io/streams` `output-stream`
 */
export function checkOutputStream(make: () => Awaitable<OutputFixture>, options?: CheckOptions): Promise<Report> {
  return tryClaims(ALL_OUTPUT_CLAIMS, ["stream"], make, options);
}

/**
 * Plays the contract of `pollable`, and of `poll`, on any implementation.
 *
 * @param make Gives a fresh pollable each time that is not ready, with what makes it so.
 * @returns What was kept, and what could not be tried.
 * @throws {ContractError} With all rules that it breaks, one a line.
 * @see WASI 0.2 `wasi:io/poll` `pollable`
 */
export function checkPollable(make: () => Awaitable<PollableFixture>, options?: CheckOptions): Promise<Report> {
  return tryClaims(POLLABLE_CLAIMS, ["pollable"], make, options);
}

/**
 * Plays the contract of the port of `wasi:filesystem` on any file system: what an `OpenDirectory` has to do.
 *
 * @param make Gives a fresh, empty directory each time.
 * @returns What was kept, and what could not be tried.
 * @throws {ContractError} With all rules that it breaks, one a line.
 */
export function checkFiles(make: () => Awaitable<FilesFixture>, options?: CheckOptions): Promise<Report> {
  return tryClaims([...FILE_CLAIMS, ...DIRECTORY_CLAIMS], ["directory"], make, options);
}

/**
 * Plays the contract of the port of UDP on any network: what a `UdpPort` has to do.
 *
 * @param make Gives a network each time on which nobody else sends.
 * @returns What was kept, and what could not be tried.
 * @throws {ContractError} With all rules that it breaks, one a line.
 */
export function checkUdp(make: () => Awaitable<UdpFixture>, options?: CheckOptions): Promise<Report> {
  return tryClaims(UDP_CLAIMS, ["port"], make, options);
}

/**
 * Plays the contract of a TCP connection on any implementation: what each end is told of what the other does.
 *
 * @param make Gives the two ends of a fresh connection each time, on which nothing has been sent.
 * @returns What was kept, and what could not be tried.
 * @throws {ContractError} With all rules that it breaks, one a line.
 * @see WASI 0.2 `wasi:sockets/tcp` `tcp-socket`
 */
export function checkConnection(make: () => Awaitable<ConnectionFixture>, options?: CheckOptions): Promise<Report> {
  return tryClaims(ALL_CONNECTION_CLAIMS, ["near", "far"], make, options);
}

/**
 * Plays the contract of HTTP on any server and whoever asks it: what a handler behind it, and a client before it, may
 * rely on.
 *
 * @param make Gives a server each time that has not been asked for anything.
 * @returns What was kept, and what could not be tried.
 * @throws {ContractError} With all rules that it breaks, one a line.
 */
export function checkHandler(make: () => Awaitable<HandlerFixture>, options?: CheckOptions): Promise<Report> {
  return tryClaims(HANDLER_CLAIMS, ["serve"], make, options);
}

/**
 * Plays the contract of streams and futures on any implementation of the component model.
 *
 * @param make Gives what makes pairs of ends.
 * @returns What was kept, and what could not be tried.
 * @throws {ContractError} With all rules that it breaks, one a line.
 * @see https://github.com/WebAssembly/component-model/blob/main/design/mvp/CanonicalABI.md#stream-state
 */
export function checkEnds(make: () => Awaitable<EndsFixture>, options?: CheckOptions): Promise<Report> {
  return tryClaims(ENDS_CLAIMS, ["kind", "make"], make, options);
}
