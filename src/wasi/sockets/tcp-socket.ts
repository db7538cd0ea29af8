import { Signal, type Readiness, type Waker } from "../../io/readiness.ts";
import type { Steps } from "../../io/steps.ts";
import { addressText, anywhere, isRemote, isUnicast, suits, type Family, type SocketAddress } from "./address.ts";
import { failureOf, SocketError, WOULD_BLOCK } from "./error-code.ts";
import { isYes, permitted, type AddressCheck, type SocketUse } from "./network.ts";
import { Accepting, type Listener } from "./tcp-accepting.ts";
import type { TcpConnection, TcpHandle, TcpOptions, TcpPort } from "./tcp-port.ts";
import { TcpStreams } from "./tcp-streams.ts";
import type { SocketTallies } from "./tallies.ts";
import { denied, reported, told } from "./telling.ts";

/** What a socket is given, and those that it accepts share. */
export interface TcpSettings {
  readonly port: TcpPort;
  readonly check: AddressCheck;
  readonly bufferBytes: number;
  /** Counts one more socket of the same instance. @throws If that is one too many. */
  readonly reserve: () => void;
  /** Counts one less. */
  readonly release: () => void;
  /** Whether the guest was ended from outside: peers are then reset, who would take what they got for all. */
  readonly isAborted: () => boolean;
  /** Missing: nobody wants to know what its connections carried. */
  readonly tallies?: SocketTallies;
}

type State =
  /** Neither bound nor connected. May become bound, connecting or failed. */
  | { readonly tag: "fresh" }
  /** May become connecting, listening or failed. */
  | { readonly tag: "bound" }
  /** Becomes connected or failed when the guest asks how it went: `outcome`. */
  | { readonly tag: "connecting"; outcome?: { readonly connection: TcpConnection } | { readonly cause: unknown } }
  /** Final. */
  | { readonly tag: "connected"; readonly streams: TcpStreams }
  /** Final. */
  | { readonly tag: "listening"; readonly accepting: Accepting }
  /** It could not connect or listen, and is of no use any more: each call is told why. Final. */
  | { readonly tag: "failed"; readonly error: SocketError };

/** An operation that has been started and not finished. `ready` is false while its start has yet to return. */
interface Operation {
  readonly name: "bind" | "connect" | "listen";
  ready: boolean;
}

const DEFAULT_BACKLOG = 128;
const MAX_BACKLOG = 4096;

/**
 * A TCP socket: its state, its options, and the order in which it may be used.
 *
 * @see WASI 0.2 `wasi:sockets/tcp` `tcp-socket`
 */
export class TcpSocket implements Readiness {
  readonly family: Family;
  readonly #settings: TcpSettings;
  /** Missing: nobody has ever waited for it. */
  #changed: Signal | undefined;
  /** Missing for one that was accepted. */
  readonly #handle: TcpHandle | undefined;
  #state: State;
  #operation: Operation | undefined;
  #options: TcpOptions;
  #backlog = DEFAULT_BACKLOG;
  #dropped = false;

  /** @param handle Missing for one that is connected. */
  private constructor(family: Family, settings: TcpSettings, options: TcpOptions, state: State, handle?: TcpHandle) {
    this.family = family;
    this.#settings = settings;
    this.#options = options;
    this.#state = state;
    this.#handle = handle;
  }

  /** One that is fresh. @throws {SocketError} If it is one too many, or the network gives none. */
  static open(family: Family, settings: TcpSettings): TcpSocket {
    const { port, reserve, release } = settings;
    reserve();
    try {
      const options = told(() => port.defaults());
      const handle = told(() => port.open(family));
      return new TcpSocket(family, settings, options, { tag: "fresh" }, handle);
    } catch (error) {
      release();
      throw error;
    }
  }

  /** @throws {SocketError} @see WASI 0.2 `wasi:sockets/tcp` `tcp-socket.start-bind` */
  *startBind(address: SocketAddress): Steps<void> {
    this.#assertIdle();
    if (this.#state.tag !== "fresh") throw invalidState("bound, or has been used");
    if (!isUnicast(address) || !suits(address, this.family)) throw wrongAddress(address, this.family);
    const handle = this.#open();
    yield* this.#starting("bind", function* bind(this: TcpSocket) {
      yield* this.#assertPermitted(address, "tcp-bind");
      yield* reported(() => handle.bind(address));
      this.#state = { tag: "bound" };
    });
  }

  /** @throws {SocketError} @see WASI 0.2 `wasi:sockets/tcp` `tcp-socket.finish-bind` */
  finishBind(): void {
    this.#finish("bind");
  }

  /** Connects in the background. @throws {SocketError} @see WASI 0.2 `wasi:sockets/tcp` `tcp-socket.start-connect` */
  startConnect(remote: SocketAddress): void {
    this.#assertIdle();
    const { tag } = this.#state;
    if (tag !== "fresh" && tag !== "bound") throw invalidState("of no use for a connection any more");
    if (!isUnicast(remote) || !isRemote(remote) || !suits(remote, this.family)) throw wrongAddress(remote, this.family);
    const handle = this.#open();
    const connecting: State & { tag: "connecting" } = { tag: "connecting" };
    this.#state = connecting;
    this.#operation = { name: "connect", ready: true };
    void this.#connect(handle, remote, tag === "bound").then(
      (connection) => {
        // Nobody wants it any more.
        if (this.#dropped || this.#state !== connecting) connection.reset();
        connecting.outcome = { connection };
        this.#changed?.notify();
      },
      (cause: unknown) => {
        connecting.outcome = { cause };
        this.#changed?.notify();
      },
    );
  }

  /**
   * The two directions, once it is connected.
   *
   * @throws {SocketError} `would-block` before that.
   * @see WASI 0.2 `wasi:sockets/tcp` `tcp-socket.finish-connect`
   */
  finishConnect(): TcpStreams {
    const state = this.#state;
    if (this.#operation?.name !== "connect" || state.tag !== "connecting") throw new SocketError("not-in-progress");
    const { outcome } = state;
    if (!outcome) throw WOULD_BLOCK;
    this.#operation = undefined;
    if ("cause" in outcome) throw this.#fail(outcome.cause);
    const streams = streamsOf(outcome.connection, this.#settings);
    this.#state = { tag: "connected", streams };
    return streams;
  }

  /** Nobody waits for a connection that is under way any more: the socket is of no use from then on. */
  giveUpConnecting(): void {
    const state = this.#state;
    if (state.tag !== "connecting") return;
    this.#operation = undefined;
    if (state.outcome && "connection" in state.outcome) state.outcome.connection.reset();
    this.#fail(new SocketError("invalid-state", "the connection was given up before it came about"));
  }

  /** @throws {SocketError} @see WASI 0.2 `wasi:sockets/tcp` `tcp-socket.start-listen` */
  *startListen(): Steps<void> {
    this.#assertIdle();
    if (this.#state.tag !== "bound") throw invalidState("not bound");
    const handle = this.#open();
    yield* this.#starting("listen", function* listen(this: TcpSocket) {
      const accepting = new Accepting(this.#listener());
      try {
        yield* this.#assertPermitted(
          told(() => handle.local()),
          "tcp-listen",
        );
        yield* reported(() => handle.listen(this.#backlog, accepting));
      } catch (error) {
        accepting.close();
        throw this.#fail(error);
      }
      this.#state = { tag: "listening", accepting };
    });
  }

  /** @throws {SocketError} @see WASI 0.2 `wasi:sockets/tcp` `tcp-socket.finish-listen` */
  finishListen(): void {
    this.#finish("listen");
  }

  /**
   * A socket for the first peer who waits, connected.
   *
   * @throws {SocketError} `would-block` if nobody waits.
   * @see WASI 0.2 `wasi:sockets/tcp` `tcp-socket.accept`
   */
  accept(): TcpSocket {
    if (this.#state.tag !== "listening") throw invalidState("not listening");
    const settings = this.#settings;
    const { connection, options } = this.#state.accepting.take();
    try {
      const streams = streamsOf(connection, settings);
      told(() => connection.configure(options));
      return new TcpSocket(this.family, settings, options, { tag: "connected", streams });
    } catch (error) {
      settings.release();
      connection.reset();
      throw error;
    }
  }

  /** @throws {SocketError} If it is not bound, or is on its way to be connected. */
  localAddress(): SocketAddress {
    const state = this.#state;
    if (state.tag === "failed") throw state.error;
    if (state.tag === "connected") return state.streams.connection.local;
    if (state.tag === "fresh" || state.tag === "connecting") throw invalidState("not bound");
    return told(() => this.#open().local());
  }

  /** @throws {SocketError} If it is not connected. */
  remoteAddress(): SocketAddress {
    return this.streams().connection.remote;
  }

  /** Its two directions. @throws {SocketError} If it is not connected. */
  streams(): TcpStreams {
    const state = this.#state;
    if (state.tag === "failed") throw state.error;
    if (state.tag !== "connected") throw invalidState("not connected");
    return state.streams;
  }

  /** Whether it could still be bound. */
  get isFresh(): boolean {
    return this.#state.tag === "fresh";
  }

  get isListening(): boolean {
    return this.#state.tag === "listening";
  }

  /** @throws {SocketError} For 0, and once it is connected. */
  setBacklog(value: number): void {
    if (value === 0) throw new SocketError("invalid-argument", "a backlog is at least 1");
    const state = this.#state;
    if (state.tag === "failed") throw state.error;
    if (state.tag === "connecting" || state.tag === "connected") throw invalidState("not one that could listen");
    this.#backlog = Math.min(value, MAX_BACKLOG);
  }

  /** @throws {SocketError} While it is connecting, or once that has failed. */
  options(): TcpOptions {
    const state = this.#state;
    if (state.tag === "failed") throw state.error;
    if (state.tag === "connecting") throw invalidState("connecting");
    return this.#options;
  }

  /** @throws {SocketError} As `options`. */
  configure(changes: Partial<TcpOptions>): void {
    this.#options = { ...this.options(), ...changes };
    const state = this.#state;
    if (state.tag === "connected") told(() => state.streams.connection.configure(this.#options));
  }

  /** @throws {SocketError} If it is not connected. @see WASI 0.2 `wasi:sockets/tcp` `tcp-socket.shutdown` */
  shutdown(direction: "receive" | "send" | "both"): void {
    if (this.#state.tag !== "connected") throw invalidState("not connected");
    this.#state.streams.shutdown(direction);
  }

  /** True when a connection has come about, or has not; or when a peer can be accepted. Else it has nothing to wait for. */
  ready(): boolean {
    const state = this.#state;
    if (state.tag === "connecting") return state.outcome !== undefined;
    return state.tag !== "listening" || this.#operation !== undefined || state.accepting.ready();
  }

  watch(waker: Waker): void {
    (this.#changed ??= new Signal()).watch(waker);
    if (this.#state.tag === "listening") this.#state.accepting.watch(waker);
  }

  unwatch(waker: Waker): void {
    this.#changed?.unwatch(waker);
    if (this.#state.tag === "listening") this.#state.accepting.unwatch(waker);
  }

  /**
   * The guest lets go of it, once. What was written is still sent, and it counts until then: resolves after that, or gives
   * nothing if it has been.
   */
  drop(): void | Promise<void> {
    this.#dropped = true;
    const { release, isAborted } = this.#settings;
    const state = this.#state;
    if (isAborted() && state.tag === "connected") state.streams.breakOff();
    if (state.tag === "listening") state.accepting.close();
    if (state.tag === "connecting" && state.outcome && "connection" in state.outcome) state.outcome.connection.reset();
    this.#handle?.close();
    const rest = state.tag === "connected" ? state.streams.close() : undefined;
    if (rest) return rest.finally(release);
    release();
    return undefined;
  }

  /** For traces: who is connected to whom. */
  toString(): string {
    const state = this.#state;
    if (state.tag !== "connected") return `tcp-socket (${state.tag})`;
    const { local, remote } = state.streams.connection;
    return `tcp-socket ${addressText(local)} -> ${addressText(remote)}`;
  }

  #assertIdle(): void {
    if (this.#operation) throw new SocketError("concurrency-conflict");
  }

  /** Only what was accepted has none, and that is connected. */
  #open(): TcpHandle {
    if (!this.#handle || this.#dropped) throw invalidState("gone");
    return this.#handle;
  }

  /** Does what a start does. Whoever starts anything meanwhile, or finishes this, comes too soon. */
  *#starting(name: Operation["name"], start: (this: TcpSocket) => Steps<void>): Steps<void> {
    const operation: Operation = { name, ready: false };
    this.#operation = operation;
    try {
      yield* start.call(this);
      operation.ready = true;
    } finally {
      if (!operation.ready) this.#operation = undefined;
    }
  }

  #finish(name: Operation["name"]): void {
    if (this.#operation?.name !== name) throw new SocketError("not-in-progress");
    if (!this.#operation.ready) throw WOULD_BLOCK;
    this.#operation = undefined;
  }

  *#assertPermitted(address: SocketAddress, use: SocketUse): Steps<void> {
    if (!(yield* permitted(this.#settings.check, address, use))) throw denied(address);
    // It may have been dropped while somebody was asked.
    this.#open();
  }

  async #isPermitted(address: SocketAddress, use: SocketUse): Promise<boolean> {
    return isYes(await this.#settings.check(address, use));
  }

  async #connect(handle: TcpHandle, remote: SocketAddress, isBound: boolean): Promise<TcpConnection> {
    const local = anywhere(this.family);
    if (!isBound && !(await this.#isPermitted(local, "tcp-bind"))) throw denied(local);
    if (!(await this.#isPermitted(remote, "tcp-connect"))) throw denied(remote);
    this.#open();
    return handle.connect(remote, this.#options);
  }

  #listener(): Listener {
    const { check, reserve, release } = this.#settings;
    const backlog = (): number => this.#backlog;
    const options = (): TcpOptions => this.#options;
    return {
      check,
      reserve,
      release,
      get backlog() {
        return backlog();
      },
      get options() {
        return options();
      },
    };
  }

  /** It is of no use any more. Gives what the guest is told, or what ends it. */
  #fail(cause: unknown): unknown {
    this.#state = { tag: "failed", error: SocketError.from(cause) };
    this.#handle?.close();
    return failureOf(cause);
  }
}

function streamsOf(connection: TcpConnection, { bufferBytes, tallies }: TcpSettings): TcpStreams {
  return new TcpStreams(connection, bufferBytes, tallies?.add("tcp", connection.local, connection.remote));
}

function invalidState(what: string): SocketError {
  return new SocketError("invalid-state", `the socket is ${what}`);
}

function wrongAddress({ ip, port }: SocketAddress, family: Family): SocketError {
  return new SocketError("invalid-argument", `${ip} port ${port} is nothing for a TCP socket of ${family}`);
}
