import type { Trace } from "../bind/instance.ts";
import type { Imports } from "./imports.ts";
import type { FetchLike } from "./fetch.ts";
import type { Limits } from "../io/limits.ts";
import type { PermitMode } from "../io/permit.ts";
import type { MonotonicClock, WallClock } from "../wasi/clocks/clocks.ts";
import type { HttpClient } from "../wasi/http/exchange.ts";
import type { AddressCheck, NetworkPorts } from "../wasi/sockets/network.ts";
import type { NetworkRules } from "../wasi/sockets/rules.ts";
import type { RandomSource } from "../wasi/random/random.ts";

/**
 * What an instance is given. Whatever is left out, its guest does not have: no arguments, no environment, an input at
 * its end, and outputs that nobody reads.
 *
 * @typeParam Input What the runtime accepts as standard input.
 * @typeParam Output What the runtime accepts as standard output and error.
 * @typeParam Directory What the runtime accepts as a directory.
 */
export interface InstanceOptions<Input, Output, Directory = unknown> {
  /**
   * Functions, interfaces and resources of your own, by WIT's names; and those of other components, as these export
   * them. What is here goes before what we have. See docs/embedding.md for how values look in JavaScript.
   */
  readonly imports?: Imports | undefined;
  /**
   * Whether exports are plain functions, which return values in the place of promises: much faster, for components that
   * compute. A guest that has to wait traps then. No is the default.
   */
  readonly syncExports?: boolean | undefined;
  /**
   * Whether WebAssembly may answer for a stream: see docs/architecture.md. No makes small writes slower, and nothing else
   * that anybody could tell; it is for those who compare. Yes is the default.
   */
  readonly leases?: boolean | undefined;
  /** The guest's arguments; the first is the program's own name. */
  readonly args?: readonly string[] | undefined;
  /** The guest's environment, all of it: nothing is passed on from the process. What is `undefined` is not there. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /** What `initial-cwd` says. */
  readonly cwd?: string | undefined;
  /** Directories, by what the guest calls them, such as `{ "/data": "./data" }`. */
  readonly preopens?: Readonly<Record<string, PreopenOption<Directory>>> | undefined;
  /**
   * Whether calls on files block the thread until they are done, which is faster, as for a command that has a process to
   * itself; else (the default) only the guest waits, and the event loop goes on. Open directories that are given as
   * such do as they please.
   */
  readonly blockingFiles?: boolean | undefined;
  /**
   * Whether a guest that waits for one of the process's own standard streams ("inherit") blocks the thread, which is
   * faster, as for a command that has a process to itself; else (the default) only the guest waits. The thread never
   * blocks while one of them still has something to deliver, or if one of the three is neither "inherit" nor "ignore", or
   * if a preopen is not a path with `blockingFiles`, or if there is a `network` or `http`: those need the event loop. By WASI 0.3 a guest waits so in a read or write that is not
   * asynchronous, if it has no other thread and no call is under way.
   */
  readonly blockingStdio?: boolean | undefined;
  /** Where standard input comes from. Released when the guest is over. */
  readonly stdin?: Input | undefined;
  /** Where the guest writes to. Ended when the guest is over and all is delivered. */
  readonly stdout?: Output | undefined;
  /** As `stdout`. */
  readonly stderr?: Output | undefined;
  /** Ends the guest, releases everything, and gives up what it wrote and nobody has taken. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Milliseconds after which the guest is ended as by `signal`, with a `TimeoutError`. It ends when it next calls or
   * waits: one that computes and calls nobody ends only if it is isolated.
   */
  readonly timeout?: number | undefined;
  /**
   * What happens when calls of WASI 0.3 are under way, their tasks wait for each other or for nothing, and nothing that
   * the host or you could still bring about is waited for, but another call of yours: "wait" (the default) for that, or "trap".
   * `run` traps, since nobody else calls its guest.
   */
  readonly deadlock?: "trap" | "wait" | undefined;
  /** In place of `DEFAULT_LIMITS`, one by one. */
  readonly limits?: Partial<Limits> | undefined;
  /** How a guest spends what `check-write` permits: "strict" (the default), or "budget". */
  readonly permits?: PermitMode | undefined;
  /** Told of each WASI call. Makes calls many times slower. */
  readonly trace?: Trace | undefined;
  /** What the guest may do on a network: nothing (the default, and `false`), everything, or what is said. */
  readonly network?: boolean | NetworkOptions | undefined;
  /** Whether the guest may send requests, to whom, and by whom they are carried out: nobody, by default. */
  readonly http?: boolean | HttpOptions | HttpClient | FetchLike | undefined;
  /** In place of the runtime's own. */
  readonly monotonicClock?: MonotonicClock | undefined;
  /** In place of the runtime's own. */
  readonly wallClock?: WallClock | undefined;
  /** In place of the runtime's secure source. */
  readonly random?: RandomSource | undefined;
  /** In place of a seed from the secure source: two u64, which also seed `wasi:random/insecure`. */
  readonly insecureSeed?: readonly [bigint, bigint] | undefined;
}

/** A directory, to be read and written, or with a word on that. */
export type PreopenOption<Directory> =
  | Directory
  | { readonly directory: Directory; /** Nothing below it can be changed. */ readonly readOnly?: boolean | undefined };

/** Whom a guest may send requests to. */
export interface HttpOptions {
  /**
   * Names, addresses and ranges, each with a port or for all, as `NetworkRules.connect` has them. A name stands for what
   * its lookup gives, and it is that address which is reached. Missing: everybody.
   */
  readonly hosts?: readonly string[] | undefined;
  /** Whether hosts in private ranges are refused, also where `hosts` has them. */
  readonly denyPrivate?: boolean | undefined;
  /** Asked, as `tcp-connect`, for each address that is to be reached and that the others permit. */
  readonly check?: AddressCheck | undefined;
}

/** What a guest may do on a network: what is left out, it may not. */
export interface NetworkOptions extends NetworkRules {
  /** Sockets of TCP. */
  readonly tcp?: boolean | undefined;
  /** Sockets of UDP. */
  readonly udp?: boolean | undefined;
  /** Looking up the addresses of names. */
  readonly lookup?: boolean | undefined;
  /** Asked for each address that a socket uses and that `connect`, `listen` and `denyPrivate` permit. */
  readonly check?: AddressCheck | undefined;
  /** In place of the runtime's own network: one in memory, or another of yours. */
  readonly on?: NetworkPorts | undefined;
}
