/** What nobody expects of a port: to be thrown, or given, in the place of anything. */

export type Act = () => unknown;

export function fail(): never {
  throw new Error("on purpose");
}

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

function hostileProxy(): object {
  return new Proxy({}, { get: fail, has: fail, getPrototypeOf: fail, ownKeys: fail });
}

/** An error, or bytes, one of whose members is something else. */
export function withMember<T extends object>(target: T, name: string, get: () => unknown): T {
  return Object.defineProperty(target, name, { get });
}

/** What may be thrown in the place of an error. */
export const THROWN: Readonly<Record<string, Act>> = {
  undefined: () => undefined,
  "an object without text": () => Object.create(null),
  "a proxy that is revoked": revoked,
  "a proxy that throws": hostileProxy,
  "an error whose message throws": () => withMember(new Error("x"), "message", fail),
  "an error whose message is a symbol": () => withMember(new Error("x"), "message", () => Symbol("x")),
  "an error whose code throws": () => withMember(new Error("x"), "code", fail),
  "a trap": () => new WebAssembly.RuntimeError("unreachable"),
  "a full stack": () => new RangeError("Maximum call stack size exceeded"),
};

/** What no port is to give. */
export const GIVEN: Readonly<Record<string, Act>> = {
  "a symbol": () => Symbol("x"),
  Infinity: () => Infinity,
  "2 ** 53": () => 2 ** 53,
  "a frozen array": () => Object.freeze([1, 2]),
  "a proxy that is revoked": revoked,
  "a proxy that throws": hostileProxy,
  "an object whose constructor throws": () => withMember({}, "constructor", fail),
  "bytes that are fewer than none": () => withMember(new Uint8Array(4), "length", () => -5),
  "bytes that are too many": () => withMember(new Uint8Array(4), "length", () => 2 ** 40),
  "bytes whose length throws": () => withMember(new Uint8Array(4), "length", fail),
  "a proxy of bytes": () => new Proxy(new Uint8Array(4), {}),
  "what inherits from bytes": () => Object.setPrototypeOf({ length: 4 }, Uint8Array.prototype),
  "a promise that breaks": () => Promise.reject(new Error("on purpose")),
  "a promise of another make that breaks": () => ({
    // oxlint-disable-next-line unicorn/no-thenable -- that is what it is about
    then: (_: unknown, broken: (cause: unknown) => void) => broken(new Error("on purpose")),
  }),
};
