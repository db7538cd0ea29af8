/** A network of an embedder's, checked where it is asked, and where it tells: one that misbehaves is named. */
import { causeOf } from "../../io/cause.ts";
import { misbehaved } from "../../io/checked-ports.ts";
import { CheckedSink } from "../../io/checked-streams.ts";
import { hasMethods, isBytesUpTo, isCount, isObject, isThenable, unawaited } from "../../io/shape.ts";
import { InternalError } from "../../io/trap.ts";
import { Unheard, UnheardSource } from "../../io/unheard.ts";
import { ipAddress, type Family, type SocketAddress } from "./address.ts";
import type { LookupPort } from "./lookup.ts";
import type { NetworkPorts } from "./network.ts";
import type { TcpConnection, TcpHandle, TcpListenerEvents, TcpOptions, TcpPort } from "./tcp-port.ts";
import type { SendReport, UdpEvents, UdpHandle, UdpPort } from "./udp-port.ts";

const TCP_HANDLE = ["bind", "local", "connect", "listen", "close"] as const;
const UDP_HANDLE = [
  ...(["bind", "local", "connect", "send", "close"] as const),
  ...(["hopLimit", "setHopLimit", "bufferSize", "setBufferSize"] as const),
];
const CONNECTION = ["configure", "close", "reset"] as const;
const SOURCE = ["read", "ready", "watch", "unwatch", "close"] as const;
const SINK = ["write", "flush", "watch", "unwatch", "close", "abort"] as const;

const MAX_BUFFER_BYTES = 2 ** 31 - 1;

/** The most that each option may be; the least is 1. */
const MOST: Readonly<Record<Exclude<keyof TcpOptions, "keepAlive">, number>> = {
  keepAliveIdleSeconds: 32_767,
  keepAliveIntervalSeconds: 32_767,
  keepAliveCount: 127,
  hopLimit: 255,
  receiveBufferBytes: MAX_BUFFER_BYTES,
  sendBufferBytes: MAX_BUFFER_BYTES,
};

function withMethods<T>(port: string, value: unknown, methods: readonly (keyof T & string)[]): T {
  if (hasMethods<T>(value, ...methods)) return value;
  throw misbehaved(port, `an object with ${methods.join(", ")}`, value);
}

function isWhole(value: unknown, least: number, most: number): value is number {
  return isCount(value, most) && value >= least;
}

function whole(port: string, value: unknown, least: number, most: number): number {
  if (isWhole(value, least, most)) return value;
  throw misbehaved(port, `a whole number from ${least} to ${most}`, value);
}

/** As it should be, in canonical text. */
function addressOf(port: string, value: unknown): SocketAddress {
  if (isObject(value) && typeof value["ip"] === "string" && isWhole(value["port"], 0, 65_535)) {
    const { flowInfo = 0, scopeId = 0 } = value;
    const address = ipAddress(value["ip"]);
    const isU32 = [flowInfo, scopeId].every((number) => isWhole(number, 0, 2 ** 32 - 1));
    // Numbers, as was just seen.
    if (address && isU32) return { ...address, port: value["port"], ...({ flowInfo, scopeId } as object) };
  }
  throw misbehaved(port, "an address, with ip and port", value);
}

/** Where a socket is bound. @param name Of what has made it. */
function localOf(name: string, handle: { local(): SocketAddress }): SocketAddress {
  const port = `${name}.local`;
  return addressOf(
    port,
    called(port, () => handle.local()),
  );
}

function optionsOf(port: string, value: unknown): TcpOptions {
  const fits =
    isObject(value) &&
    typeof value["keepAlive"] === "boolean" &&
    Object.entries(MOST).every(([name, most]) => isWhole(value[name], 1, most));
  if (!fits) throw misbehaved(port, "TcpOptions", value);
  // All of its fields were looked at.
  return value as unknown as TcpOptions;
}

/** An error of the system, of which a guest is told; or what is wrong with the port. */
function asFault(port: string, thrown: unknown): unknown {
  const cause = causeOf(thrown);
  const isTold = cause instanceof InternalError || (cause instanceof Error && "code" in cause);
  return isTold ? cause : new InternalError(port, cause);
}

/** @throws What `call` does, as a guest or the embedder is told of it. */
function called(port: string, call: () => unknown): unknown {
  try {
    return call();
  } catch (cause) {
    throw asFault(port, cause);
  }
}

/** As `called`, of what gives nothing: nobody waits for a promise of it. */
function done(port: string, call: () => unknown): void {
  unawaited(called(port, call));
}

/** As `called`, for what may take a while. */
function answered(port: string, call: () => unknown): void | Promise<void> {
  const answer = called(port, call);
  if (isThenable(answer)) return awaited(port, () => answer).then(() => {});
  return undefined;
}

async function awaited(port: string, call: () => unknown): Promise<unknown> {
  try {
    return await call();
  } catch (cause) {
    throw asFault(port, cause);
  }
}

function checkedTcp(tcp: TcpPort, unheard: Unheard): TcpPort {
  const name = "network.tcp";
  const handleOf = (handle: TcpHandle): TcpHandle => ({
    bind: (address) => answered(`${name}.bind`, () => handle.bind(address)),
    local: () => localOf(name, handle),
    connect: async (remote, options) =>
      connectionOf(await awaited(`${name}.connect`, () => handle.connect(remote, options)), unheard),
    listen: (backlog, events) => answered(`${name}.listen`, () => handle.listen(backlog, eventsOf(events, unheard))),
    close: () => unheard.call(`${name}.close`, () => handle.close()),
  });
  return {
    defaults: () =>
      optionsOf(
        `${name}.defaults`,
        called(`${name}.defaults`, () => tcp.defaults()),
      ),
    open: (family) => {
      const port = `${name}.open`;
      return handleOf(
        withMethods<TcpHandle>(
          port,
          called(port, () => tcp.open(family)),
          TCP_HANDLE,
        ),
      );
    },
  };
}

function eventsOf(events: TcpListenerEvents, unheard: Unheard): TcpListenerEvents {
  return {
    arrived(value) {
      let connection;
      try {
        connection = connectionOf(value, unheard);
      } catch (fault) {
        events.failed(fault);
        return;
      }
      events.arrived(connection);
    },
    failed: (cause) => events.failed(asFault("network.tcp.listen", cause)),
  };
}

function connectionOf(value: unknown, unheard: Unheard): TcpConnection {
  const name = "network.tcp connection";
  const given = withMethods<TcpConnection>(name, value, CONNECTION);
  const source = withMethods<TcpConnection["source"]>(`${name}.source`, given.source, SOURCE);
  const sink = withMethods<TcpConnection["sink"]>(`${name}.sink`, given.sink, SINK);
  return {
    local: addressOf(`${name}.local`, given.local),
    remote: addressOf(`${name}.remote`, given.remote),
    source: new UnheardSource(source, `${name}.source`, unheard),
    sink: new UnheardSink(sink, `${name}.sink`, unheard),
    configure: (options) => done(`${name}.configure`, () => given.configure(options)),
    close: () => unheard.wait(`${name}.close`, () => given.close()),
    reset: () => unheard.call(`${name}.reset`, () => given.reset()),
  };
}

/** As `UnheardSource`. */
class UnheardSink extends CheckedSink {
  readonly #unheard: Unheard;
  readonly #name: string;

  constructor(sink: TcpConnection["sink"], name: string, unheard: Unheard) {
    super(sink, name);
    this.#unheard = unheard;
    this.#name = name;
  }

  override close(): void | Promise<void> {
    return this.#unheard.wait(`${this.#name}.close`, () => super.close());
  }

  override abort(reason: unknown): void {
    this.#unheard.call(`${this.#name}.abort`, () => super.abort(reason));
  }
}

function checkedUdp(udp: UdpPort, unheard: Unheard): UdpPort {
  const name = "network.udp";
  const number = (method: string, call: () => unknown, most: number): number => {
    const port = `${name}.${method}`;
    return whole(port, called(port, call), 1, most);
  };
  const handleOf = (handle: UdpHandle): UdpHandle => ({
    bind: (address) => answered(`${name}.bind`, () => handle.bind(address)),
    local: () => localOf(name, handle),
    connect: (remote) => answered(`${name}.connect`, () => handle.connect(remote)),
    send: (data, to, report) => done(`${name}.send`, () => handle.send(data, to, reportOf(report))),
    hopLimit: () => number("hopLimit", () => handle.hopLimit(), 255),
    setHopLimit: (value) => done(`${name}.setHopLimit`, () => handle.setHopLimit(value)),
    bufferSize: (which) => number("bufferSize", () => handle.bufferSize(which), MAX_BUFFER_BYTES),
    setBufferSize: (which, bytes) => done(`${name}.setBufferSize`, () => handle.setBufferSize(which, bytes)),
    close: () => unheard.call(`${name}.close`, () => handle.close()),
  });
  return {
    open: (family, events) => {
      const port = `${name}.open`;
      const handle = called(port, () => udp.open(family, udpEventsOf(family, events)));
      return handleOf(withMethods<UdpHandle>(port, handle, UDP_HANDLE));
    },
  };
}

function reportOf(report: SendReport): SendReport {
  return {
    queued: () => report.queued(),
    left: (cause) =>
      report.left(cause === undefined || cause === null ? undefined : asFault("network.udp.send", cause)),
  };
}

function udpEventsOf(family: Family, events: UdpEvents): UdpEvents {
  const port = "network.udp.received";
  return {
    received(data: unknown, from) {
      let sender;
      try {
        if (!isBytesUpTo(data, Infinity)) throw misbehaved(port, "the bytes of a datagram", data);
        sender = addressOf(port, from);
        if (sender.family !== family) throw misbehaved(port, `an address of ${family}`, from);
      } catch (fault) {
        events.failed(fault);
        return;
      }
      events.received(data, sender);
    },
    failed: (cause) => events.failed(asFault("network.udp", cause)),
    settled: () => events.settled(),
  };
}

function checkedLookup(lookup: LookupPort): LookupPort {
  const port = "network.lookup";
  return {
    async lookup(name) {
      const texts = await awaited(port, () => lookup.lookup(name));
      if (!Array.isArray(texts)) throw misbehaved(port, "an array of addresses", texts);
      const wrong: unknown = texts.find((text) => typeof text !== "string" || !ipAddress(text));
      if (wrong !== undefined || texts.includes(undefined)) throw misbehaved(port, "an address, as text", wrong);
      // All of its items were looked at.
      return texts as readonly string[];
    },
  };
}

/** A network as it should be, and what tells at the end what went wrong where nobody heard of it. */
export interface CheckedNetwork extends NetworkPorts {
  /** @throws {InternalError} */
  readonly close: () => void;
}

/**
 * `network`, as it should be. What it gives that is not of its type, or throws that is no error of a system, is an
 * `InternalError` that names it.
 *
 * @throws {TypeError} If it is none.
 */
export function checkedNetwork(network: NetworkPorts): CheckedNetwork {
  const unheard = new Unheard();
  return {
    tcp: checkedTcp(network.tcp, unheard),
    udp: checkedUdp(network.udp, unheard),
    lookup: checkedLookup(network.lookup),
    close: () => unheard.tell(),
  };
}
