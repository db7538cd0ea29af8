/** What all of `wasi:sockets` 0.3 shares: its errors, which 0.2 has others of. */
import { result, type Returns } from "../../../abi/returns.ts";
import type { Type } from "../../../abi/type.ts";
import { string } from "../../../abi/scalars.ts";
import { option, resultValue, variant } from "../../../abi/variants.ts";
import { PeerClosed } from "../../../io/ports.ts";
import { SocketError, type ErrorCode } from "../../../wasi/sockets/error-code.ts";

/** The variant `error-code` of `wasi:sockets/types`, in WIT's order, but for `other`. */
const CODES = [
  "access-denied",
  "not-supported",
  "invalid-argument",
  "out-of-memory",
  "timeout",
  "invalid-state",
  "address-not-bindable",
  "address-in-use",
  "remote-unreachable",
  "connection-refused",
  "connection-broken",
  "connection-reset",
  "connection-aborted",
  "datagram-too-large",
] as const;

/** As `CODES`, of `wasi:sockets/ip-name-lookup`. */
const LOOKUP_CODES = [
  "access-denied",
  "invalid-argument",
  "name-unresolvable",
  "temporary-resolver-failure",
  "permanent-resolver-failure",
] as const;

/** The value of a variant: a case, or `other` with words. */
interface Case {
  readonly tag: string;
  readonly val?: string | undefined;
}

function codeType(codes: readonly string[]): Type<unknown> {
  const cases = Object.fromEntries(codes.map((code) => [code, null]));
  // Its values are made by `caseOf` alone, whose tag is one of these or `other`.
  return variant({ ...cases, other: option(string) }) as unknown as Type<unknown>;
}

/** What comes of calls that overlap, which 0.3 has no code for. */
const OVERLAPS: ReadonlySet<ErrorCode> = new Set(["concurrency-conflict", "not-in-progress", "would-block"]);

function caseOf(codes: readonly string[], code: ErrorCode): Case {
  if (codes.includes(code)) return { tag: code };
  if (OVERLAPS.has(code) && codes.includes("invalid-state")) return { tag: "invalid-state" };
  return { tag: "other", val: code === "unknown" ? undefined : code };
}

/** `result<T, error-code>`: the error case is a thrown `SocketError`. */
function resultOf(codes: readonly string[]): <Out>(ok: Type<unknown, Out> | null) => Returns<Out> {
  const type = codeType(codes);
  // Thrown by what stands behind `wasi:sockets`, and only by it: see SocketError.
  return (ok) => result(ok, type, (payload) => caseOf(codes, payload as ErrorCode));
}

/** `result<T, error-code>` of `wasi:sockets/types`. */
export const socketResult: ReturnType<typeof resultOf> = resultOf(CODES);

/** `result<T, error-code>` of `wasi:sockets/ip-name-lookup`. */
export const lookupResult: ReturnType<typeof resultOf> = resultOf(LOOKUP_CODES);

/** What a stream ended with: `result<_, error-code>` as a value. */
export type Outcome = { readonly tag: "ok" } | { readonly tag: "err"; readonly val: Case };

export const outcome: Type<unknown> = resultValue(null, codeType(CODES));

/** @param cause Missing: it ended well. */
export function outcomeOf(cause: unknown): Outcome {
  if (cause === undefined) return { tag: "ok" };
  const val =
    cause instanceof PeerClosed ? { tag: "connection-broken" } : caseOf(CODES, SocketError.from(cause).payload);
  return { tag: "err", val };
}
