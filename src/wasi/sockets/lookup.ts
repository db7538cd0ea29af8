import { Signal, type Readiness, type Waker } from "../../io/readiness.ts";
import { ipAddress, unmapped, type IpAddress } from "./address.ts";
import { failureOf, SocketError, WOULD_BLOCK } from "./error-code.ts";
import { parseHostName } from "./host-name.ts";

/** Who knows the addresses of names. */
export interface LookupPort {
  /**
   * All addresses of a name, as text, in the order in which they are to be tried.
   *
   * @param name In ASCII, and no address.
   * @throws A system error, known by its `code`, such as `ENOTFOUND` or `EAI_AGAIN`.
   */
  lookup(name: string): Promise<readonly string[]>;
}

type State =
  /** Waits until others have been answered. May become asked, or dropped. */
  | { readonly tag: "waiting"; readonly name: string }
  /** May become answered, failed or dropped. */
  | { readonly tag: "asked" }
  /** Final, but for dropped. */
  | { readonly tag: "answered"; readonly addresses: readonly IpAddress[] }
  /** As answered. */
  | { readonly tag: "failed"; readonly cause: unknown }
  /** Final: nobody asks any more. */
  | { readonly tag: "dropped" };

const ASKED: State = { tag: "asked" };
const DROPPED: State = { tag: "dropped" };

/** The lookups of one instance: so many at a time, those that it no longer wants included; more wait for their turn. */
export class Lookups {
  readonly #port: LookupPort;
  readonly #limit: number;
  readonly #waiting = new Set<AddressStream>();
  #running = 0;

  constructor(port: LookupPort, limit: number) {
    this.#port = port;
    this.#limit = limit;
  }

  /** @throws {SocketError} `invalid-argument`, if `name` is none. @see WASI 0.2 `wasi:sockets/ip-name-lookup` */
  resolve(name: string): AddressStream {
    const host = parseHostName(name);
    if (host === undefined) throw new SocketError("invalid-argument", "neither a name nor an address");
    if (typeof host !== "string") return new AddressStream({ tag: "answered", addresses: [host] });
    const stream = new AddressStream({ tag: "waiting", name: host }, () => void this.#waiting.delete(stream));
    this.#waiting.add(stream);
    this.#go();
    return stream;
  }

  #go(): void {
    for (const stream of this.#waiting) {
      if (this.#running >= this.#limit) return;
      this.#waiting.delete(stream);
      this.#running++;
      void stream.ask(this.#port).finally(() => {
        this.#running--;
        this.#go();
      });
    }
  }
}

/** @see WASI 0.2 `wasi:sockets/ip-name-lookup` `resolve-address-stream` */
export class AddressStream implements Readiness {
  readonly #changed = new Signal();
  readonly #onDrop: () => void;
  #state: State;
  #given = 0;

  constructor(state: State, onDrop: () => void = () => {}) {
    this.#state = state;
    this.#onDrop = onDrop;
  }

  /**
   * The next address, or nothing after the last. Never waits, and never gives an IPv4 address as one of IPv6.
   *
   * @throws {SocketError} `would-block` before there is an answer; why there is none, each time.
   * @see WASI 0.2 `wasi:sockets/ip-name-lookup` `resolve-address-stream.resolve-next-address`
   */
  next(): IpAddress | undefined {
    const state = this.#state;
    if (state.tag === "failed") throw state.cause;
    if (state.tag !== "answered") throw WOULD_BLOCK;
    return state.addresses[this.#given++];
  }

  /** True when there is an answer, or will be none. */
  ready(): boolean {
    return this.#state.tag === "answered" || this.#state.tag === "failed";
  }

  watch(waker: Waker): void {
    this.#changed.watch(waker);
  }

  unwatch(waker: Waker): void {
    this.#changed.unwatch(waker);
  }

  /** Nobody asks any more: one that waits for its turn is never begun; of one that runs the answer is ignored. */
  drop(): void {
    this.#state = DROPPED;
    this.#onDrop();
  }

  /** Its turn has come. Never rejects. */
  async ask(port: LookupPort): Promise<void> {
    if (this.#state.tag !== "waiting") return;
    const { name } = this.#state;
    this.#state = ASKED;
    let answer: State;
    try {
      answer = { tag: "answered", addresses: addressesOf(name, await port.lookup(name)) };
    } catch (cause) {
      answer = { tag: "failed", cause: cause instanceof TypeError ? cause : failureOf(cause) };
    }
    if (this.#state !== ASKED) return;
    this.#state = answer;
    this.#changed.notify();
  }
}

/** @throws {SocketError} If there are none. @throws {TypeError} If one of them is none: the port is at fault. */
function addressesOf(name: string, texts: readonly string[]): IpAddress[] {
  const addresses = texts.map((text) => {
    const address = typeof text === "string" ? ipAddress(text) : undefined;
    if (!address) throw new TypeError(`The lookup of ${name} gave ${JSON.stringify(text)}, which is no IP address`);
    return unmapped(address);
  });
  if (addresses.length === 0) throw new SocketError("name-unresolvable", `${name} has no address`);
  return addresses;
}
