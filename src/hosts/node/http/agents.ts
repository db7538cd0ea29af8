/** Who keeps connections for the next request, by HTTP/1.1. */
import type { Agent, RequestOptions } from "node:http";
import type { TLSSocket } from "node:tls";
import type { HttpError } from "../../../wasi/http/error-code.ts";
import { TELLS_END, type Connect } from "./secure.ts";

/** What a request is made of, beside what Node knows. */
export interface Options extends RequestOptions {
  /** A connection that is there already. */
  readonly given?: TLSSocket;
  /** Makes one, of TCP, with TLS on it. */
  readonly connecting: (connect: Connect) => Promise<TLSSocket>;
}

/** For requests with `Options`. */
export function agentFor(scheme: string): Agent {
  const isSecure = scheme === "https";
  const { Agent } = isSecure ? process.getBuiltinModule("node:https") : process.getBuiltinModule("node:http");
  const agent = new Agent({ keepAlive: true });
  const connect = agent.createConnection.bind(agent);
  agent.createConnection = (options: Options, done) => {
    if (options.given || !isSecure || !TELLS_END) return options.given ?? connect(options, done);
    // What `node:https` is given goes on to `tls.connect`, and that makes these.
    const connecting = options.connecting((socket) => connect({ ...options, ...{ socket } }) as TLSSocket);
    // The types want a connection with an error too.
    const told = done as ((error: HttpError | null, socket?: TLSSocket) => void) | undefined;
    void connecting.then(
      (socket) => told?.(null, socket),
      (cause: HttpError) => told?.(cause),
    );
    return undefined;
  };
  return agent;
}
