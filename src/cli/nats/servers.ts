import { UsageError } from "../usage.ts";

/** Who is logged in: by a name and a password, or by a token. */
export type Login = { readonly user: string; readonly pass: string } | { readonly token: string };

export interface Servers {
  /** Without what logs in: they are shown. */
  readonly addresses: readonly string[];
  readonly login: Login | undefined;
  /** Whether one that does not encrypt is refused. */
  readonly isEncrypted: boolean;
}

/**
 * Servers as `--nats` has them, with commas between: `nats://HOST:PORT`, or `tls://` for what has to be encrypted, with
 * `USER:PASSWORD@` or `TOKEN@` before the host, percent-encoded. The client knows none of that.
 *
 * @throws {UsageError}
 */
export function serversOf(text: string): Servers {
  const all = text.split(",").map((server) => serverOf(server.trim()));
  const [login, ...others] = new Map(
    all.flatMap((server) => server.login ?? []).map((one) => [JSON.stringify(one), one]),
  ).values();
  if (others.length > 0) throw new UsageError("Servers of one cluster know one login, got several");
  return {
    addresses: all.map(({ address }) => address),
    login,
    isEncrypted: all.some(({ isEncrypted }) => isEncrypted),
  };
}

function serverOf(text: string) {
  const [, scheme = "", userInfo, host = ""] = /^(?:([a-z+]+):\/\/)?(?:(.*)@)?([^@/]*)\/?$/i.exec(text) ?? [];
  if (host === "" || !["", "nats", "tls"].includes(scheme.toLowerCase())) {
    throw new UsageError(
      `Expected nats://HOST:PORT or tls://HOST:PORT, got ${JSON.stringify(text.replace(/\/\/.*@/, "//"))}`,
    );
  }
  return {
    address: scheme === "" ? host : `${scheme}://${host}`,
    login: userInfo === undefined ? undefined : loginOf(userInfo),
    isEncrypted: scheme.toLowerCase() === "tls",
  };
}

function loginOf(userInfo: string): Login {
  const at = userInfo.indexOf(":");
  if (at < 0) return { token: decoded(userInfo) };
  return { user: decoded(userInfo.slice(0, at)), pass: decoded(userInfo.slice(at + 1)) };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new UsageError("The login before the host of a server is not percent-encoded as it should be");
  }
}
