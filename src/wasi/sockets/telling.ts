/** What a port of sockets throws, as what a guest is told. */
import { settled } from "../../io/later.ts";
import type { Steps } from "../../io/steps.ts";
import type { SocketAddress } from "./address.ts";
import { failureOf, SocketError } from "./error-code.ts";

export function denied({ ip, port }: SocketAddress): SocketError {
  return new SocketError("access-denied", `${ip} port ${port} is not permitted`);
}

/** Calls a port. @throws {SocketError} If it throws. */
export function told<T>(call: () => T, onFailure: () => void = () => {}): T {
  try {
    return call();
  } catch (cause) {
    onFailure();
    throw failureOf(cause);
  }
}

/** As `told`, for what may take a while. */
export function* reported(call: () => void | Promise<void>): Steps<void> {
  try {
    yield* settled(call());
  } catch (cause) {
    throw failureOf(cause);
  }
}
