import { after, before, describe } from "node:test";
import { NO_SERVER, TestServer, type Connected } from "./server.ts";

/** A server that runs while the tests of a group do, and a connection to it. Both are there when tests run. */
export interface OnServer {
  readonly server: TestServer;
  readonly at: Connected;
}

/**
 * Tests on a server of their own, one for all of them. They are skipped, with words, where there is none.
 *
 * @param define Defines the tests.
 * @param concurrency How many of them may run at the same time.
 */
export function onServer(title: string, define: (on: OnServer) => void, concurrency = 1): void {
  describe(title, { skip: NO_SERVER, concurrency }, () => {
    const server = new TestServer();
    let at: Connected | undefined;

    before(async () => {
      await server.start();
      at = await server.connect();
    });

    after(async () => {
      await at?.nc.drain();
      await server.stop();
    });

    define({
      server,
      get at() {
        if (at === undefined) throw new Error("The server is there only while tests run");
        return at;
      },
    });
  });
}
