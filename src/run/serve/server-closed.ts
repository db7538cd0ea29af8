/** A request has come to a server that is closed: no instance answers it. */
export class ServerClosedError extends Error {
  override readonly name: string = "ServerClosedError";

  constructor() {
    super("The server is closed: requests have to come before close() has resolved");
  }
}
