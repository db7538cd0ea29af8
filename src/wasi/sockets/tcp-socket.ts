import { settled } from "../../io/later.ts";
import { Signal, type Readiness, type Waker } from "../../io/readiness.ts";
import { complete, type Steps } from "../../io/steps.ts";
import { isRemote, isUnicast, suits, type Family, type SocketAddress } from "./address.ts";
import { SocketError } from "./error-code.ts";
import { permitted, type AddressCheck } from "./network.ts";
import type { TcpConnection, TcpHandle, TcpOptions, TcpPort } from "./tcp-port.ts";
import { TcpStreams, type TcpSettings } from "./tcp-streams.ts";

/** Where a socket is. What is in progress is so until the guest has finished it. */
type State =
  /** May become binding or connecting. */
  | { readonly tag: "fresh" }
  /** The bind is under way, or done and not finished. Becomes bound, or fresh if it fails. */
  | { readonly tag: "binding"; readonly isDone: boolean }
  /** May become connecting or listening. */
  | { readonly tag: "bound" }
  /** Becomes connected, or failed. */
  | { readonly tag: "connecting"; readonly outcome: Outcome | undefined }
  /** Final. */
  | { readonly tag: "connected"; readonly streams: TcpStreams }
  /** Listens, or is about to; `isFinished` says whether the guest has finished that. Final when it is. */
  | { readonly tag: "listening"; readonly isReady: boolean; readonly isFinished: boolean }
  /** Could not be connected. Final. */
  | { readonly tag: "failed"; readonly error: SocketError };

type Outcome = { readonly connection: TcpConnection } | { readonly error: SocketError };

const FRESH: State = { tag: "fresh" };
const BOUND: State = { tag: "bound" };

const DEFAULT_BACKLOG = 128;
/** Connections that wait for `accept`, whatever backlog a guest asks for. */
const MAX_BACKLOG = 4096;
const MAX_SECONDS = 32_767;
const NS_PER_SECOND = 1e9;
const MAX_COUNT = 127;
const MAX_BUFFER_BYTES = 2 ** 31 - 1;

/**
 * A TCP socket: its state and its options.
 *
 * @see WASI 0.2 `wasi:sockets/tcp` `tcp-socket`
 */
export class TcpSocket implements Readiness {
  readonly family: Family;
  readonly #handle: TcpHandle | undefined;
  readonly #check: AddressCheck;
  readonly #settings: TcpSettings;
  readonly #changed = new Signal();
  readonly #waiting: TcpConnection[] = [];
  #state: State = FRESH;
  #options: TcpOptions;
  #backlog = DEFAULT_BACKLOG;
  #isDropped = false;

  private constructor(
    family: Family,
    handle: TcpHandle | undefined,
    check: AddressCheck,
    settings: TcpSettings,
    options: TcpOptions,
  ) {
    this.family = family;
    this.#handle = handle;
    this.#check = check;
    this.#settings = settings;
    this.#options = options;
  }

  /** @throws {SocketError} If the network gives none. */
  static create(port: TcpPort, family: Family, check: AddressCheck, settings: TcpSettings): TcpSocket {
    return told(() => new TcpSocket(family, port.open(family), check, settings, port.defaults()));
  }

  /** @throws {SocketError} @see WASI 0.2 `wasi:sockets/tcp` `tcp-socket.start-bind` */
  *startBind(address: SocketAddress): Steps<void> {
    this.#assertNothingStarted();
    if (this.#state !== FRESH) throw new SocketError("invalid-state", "only a fresh socket can be bound");
    if (!suits(address, this.family) || !isUnicast(address)) throw wrongAddress(address, this.family);
    this.#state = { tag: "binding", isDone: false };
    let isDone = false;
    try {
      if (!(yield* permitted(this.#check, address, "tcp-bind"))) throw denied(address);
      yield* reported(() => this.#own().bind(address));
      isDone = true;
    } finally {
      this.#state = isDone ? { tag: "binding", isDone } : FRESH;
    }
  }

  /** @throws {SocketError} */
  finishBind(): void {
    if (this.#state.tag !== "binding") throw new SocketError("not-in-progress");
    if (!this.#state.isDone) throw new SocketError("would-block");
    this.#state = BOUND;
  }

  /** Everything else that can go wrong shows when it is finished. @throws {SocketError} */
  startConnect(remote: SocketAddress): void {
    this.#assertNothingStarted();
    const { tag } = this.#state;
    if (tag !== "fresh" && tag !== "bound") throw new SocketError("invalid-state", `the socket is ${tag}`);
    if (!suits(remote, this.family) || !isUnicast(remote) || !isRemote(remote)) throw wrongAddress(remote, this.family);
    this.#state = { tag: "connecting", outcome: undefined };
    void this.#connect(remote, tag === "bound");
  }

  /** @throws {SocketError} `would-block` until it is known. */
  finishConnect(onEnd?: ConstructorParameters<typeof TcpStreams>[2]): TcpStreams {
    if (this.#state.tag !== "connecting") throw new SocketError("not-in-progress");
    const { outcome } = this.#state;
    if (!outcome) throw new SocketError("would-block");
    if ("error" in outcome) {
      this.#state = { tag: "failed", error: outcome.error };
      throw outcome.error;
    }
    return this.#adopt(outcome.connection, onEnd);
  }

  /** @throws {SocketError} */
  *startListen(): Steps<void> {
    this.#assertNothingStarted();
    if (this.#state !== BOUND) throw new SocketError("invalid-state", "only a socket that is bound can listen");
    this.#state = { tag: "listening", isReady: false, isFinished: false };
    let isReady = false;
    try {
      const local = told(() => this.#own().local());
      if (!(yield* permitted(this.#check, local, "tcp-listen"))) throw denied(local);
      yield* reported(() => this.#own().listen(this.#backlog, (connection) => void this.#arrived(connection)));
      isReady = true;
    } finally {
      this.#state = isReady ? { tag: "listening", isReady, isFinished: false } : BOUND;
    }
  }

  /** @throws {SocketError} */
  finishListen(): void {
    const state = this.#state;
    if (state.tag !== "listening" || state.isFinished) throw new SocketError("not-in-progress");
    if (!state.isReady) throw new SocketError("would-block");
    this.#state = { ...state, isFinished: true };
  }

  /** A connection that has arrived, as a socket of its own. @throws {SocketError} `would-block` if there is none. */
  accept(onEnd?: ConstructorParameters<typeof TcpStreams>[2]): { socket: TcpSocket; streams: TcpStreams } {
    if (this.#state.tag !== "listening") throw new SocketError("invalid-state", "the socket does not listen");
    const connection = this.#waiting.shift();
    if (!connection) throw new SocketError("would-block");
    const socket = new TcpSocket(this.family, undefined, this.#check, this.#settings, this.#options);
    told(() => connection.apply(this.#options));
    return { socket, streams: socket.#adopt(connection, onEnd) };
  }

  /** @throws {SocketError} If it is bound to none. */
  localAddress(): SocketAddress {
    const state = this.#known();
    if (state.tag === "fresh") throw new SocketError("invalid-state", "the socket is not bound");
    if (state.tag === "binding") throw new SocketError("concurrency-conflict");
    if (state.tag === "connected") return told(() => state.streams.connection.local());
    return told(() => this.#own().local());
  }

  /** @throws {SocketError} If it is not connected. */
  remoteAddress(): SocketAddress {
    const state = this.#known();
    if (state.tag !== "connected") throw new SocketError("invalid-state", "the socket is not connected");
    return told(() => state.streams.connection.remote());
  }

  get isListening(): boolean {
    return this.#state.tag === "listening" && this.#state.isFinished;
  }

  /** @throws {SocketError} */
  setBacklog(size: number): void {
    if (size === 0) throw new SocketError("invalid-argument", "a backlog is at least 1");
    if (this.#known().tag === "connected") throw new SocketError("invalid-state", "the socket is connected");
    this.#backlog = Math.min(size, MAX_BACKLOG);
  }

  /** @throws {SocketError} While it is connected, and if that failed. */
  get options(): TcpOptions {
    this.#known();
    return this.#options;
  }

  setKeepAlive(isEnabled: boolean): void {
    this.#set({ keepAlive: isEnabled });
  }

  /** @param ns Nanoseconds, of which whole seconds are kept. @throws {SocketError} For 0. */
  setKeepAliveTime(which: "keepAliveIdle" | "keepAliveInterval", ns: number): void {
    this.#set({ [which]: Math.min(Math.max(1, Math.floor(positive(ns) / NS_PER_SECOND)), MAX_SECONDS) });
  }

  /** @throws {SocketError} For 0. */
  setKeepAliveCount(count: number): void {
    this.#set({ keepAliveCount: Math.min(positive(count), MAX_COUNT) });
  }

  /** @throws {SocketError} For 0. */
  setHopLimit(hops: number): void {
    this.#set({ hopLimit: positive(hops) });
  }

  /** @throws {SocketError} For 0. */
  setBuffer(which: "receiveBuffer" | "sendBuffer", bytes: number): void {
    this.#set({ [which]: Math.min(positive(bytes), MAX_BUFFER_BYTES) });
  }

  /** @throws {SocketError} If it is not connected. */
  shutdown(how: "receive" | "send" | "both"): void {
    if (this.#state.tag !== "connected") throw new SocketError("invalid-state", "the socket is not connected");
    this.#state.streams.shutdown(how);
  }

  /** Whether what it waits for, if it waits for something, is there. */
  ready(): boolean {
    const state = this.#state;
    if (state.tag === "connecting") return state.outcome !== undefined;
    return state.tag !== "listening" || this.#waiting.length > 0;
  }

  watch(waker: Waker): void {
    this.#changed.watch(waker);
  }

  unwatch(waker: Waker): void {
    this.#changed.unwatch(waker);
  }

  /** The guest lets go of it. */
  drop(): void {
    this.#isDropped = true;
    this.#handle?.close();
    for (const connection of this.#waiting.splice(0)) connection.reset();
    const state = this.#state;
    if (state.tag === "connected") state.streams.drop();
    if (state.tag === "connecting" && state.outcome && "connection" in state.outcome) state.outcome.connection.reset();
  }

  async #connect(remote: SocketAddress, isBound: boolean): Promise<void> {
    let outcome: Outcome;
    try {
      const connection = await this.#connection(remote, isBound);
      if (this.#isDropped) connection.reset();
      outcome = { connection };
    } catch (cause) {
      outcome = { error: SocketError.from(cause) };
    }
    this.#state = { tag: "connecting", outcome };
    this.#changed.notify();
  }

  async #connection(remote: SocketAddress, isBound: boolean): Promise<TcpConnection> {
    const any = { family: this.family, ip: this.family === "ipv4" ? "0.0.0.0" : "::", port: 0 };
    if (!isBound && !(await complete(permitted(this.#check, any, "tcp-bind")))) throw denied(any);
    if (!(await complete(permitted(this.#check, remote, "tcp-connect")))) throw denied(remote);
    return this.#own().connect(remote, this.#options);
  }

  /** A connection came. More than the guest wants to have waiting are refused, and those that it may not have. */
  async #arrived(connection: TcpConnection): Promise<void> {
    let mayStay = false;
    try {
      mayStay = await complete(permitted(this.#check, connection.remote(), "tcp-accept"));
    } catch {
      // Gone already, or a check that fails permits nothing.
    }
    if (!mayStay || this.#isDropped || this.#waiting.length >= this.#backlog) {
      connection.reset();
      return;
    }
    this.#waiting.push(connection);
    this.#changed.notify();
  }

  #adopt(connection: TcpConnection, onEnd?: ConstructorParameters<typeof TcpStreams>[2]): TcpStreams {
    const streams = new TcpStreams(connection, this.#settings, onEnd);
    this.#state = { tag: "connected", streams };
    return streams;
  }

  #set(options: Partial<TcpOptions>): void {
    const state = this.#known();
    this.#options = { ...this.#options, ...options };
    if (state.tag === "connected") told(() => state.streams.connection.apply(this.#options));
  }

  /** The state, if anything can be said of it. @throws {SocketError} While it connects, and if that failed. */
  #known(): State {
    if (this.#state.tag === "failed") throw this.#state.error;
    if (this.#state.tag === "connecting") throw new SocketError("invalid-state", "the socket is being connected");
    return this.#state;
  }

  #own(): TcpHandle {
    // An accepted socket is connected from the start.
    if (!this.#handle) throw new SocketError("invalid-state", "the socket was accepted");
    return this.#handle;
  }

  #assertNothingStarted(): void {
    const state = this.#state;
    const isStarted =
      state.tag === "binding" || state.tag === "connecting" || (state.tag === "listening" && !state.isFinished);
    if (isStarted) throw new SocketError("concurrency-conflict", "something else is in progress");
  }
}

function positive(value: number): number {
  if (value === 0) throw new SocketError("invalid-argument", "0 is no value of this option");
  return value;
}

function wrongAddress({ ip, port }: SocketAddress, family: Family): SocketError {
  return new SocketError("invalid-argument", `${ip} port ${port} is nothing for a socket of ${family}`);
}

function denied({ ip, port }: SocketAddress): SocketError {
  return new SocketError("access-denied", `${ip} port ${port} is not permitted`);
}

/** What the port throws, as what the guest is told. */
function told<T>(call: () => T): T {
  try {
    return call();
  } catch (cause) {
    throw SocketError.from(cause);
  }
}

/** As `told`, for what may take a while. */
function* reported(call: () => void | Promise<void>): Steps<void> {
  try {
    yield* settled(call());
  } catch (cause) {
    throw SocketError.from(cause);
  }
}
