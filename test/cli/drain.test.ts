/** `sluice serve` and SIGTERM: whatever a request has come to by then, what was begun is answered to its end. */
import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { connect, type Socket } from "node:net";
import { describe, test } from "node:test";
import { guest, NOT_UNIX, start } from "./support.ts";

interface Served {
  readonly child: ChildProcess;
  readonly port: number;
}

async function serving(args: readonly string[]): Promise<Served> {
  const child = start(["serve", "--addr", "0", ...args, guest("http-handler")]);
  child.stdin?.end();
  let said = "";
  const port = await new Promise<number>((resolve, reject) => {
    child.stderr?.setEncoding("utf8").on("data", (chunk: string) => {
      said += chunk;
      const digits = /^Serving HTTP on \S+:(\d+)\/\n/m.exec(said)?.[1];
      if (digits !== undefined) resolve(Number(digits));
    });
    child.once("close", () => reject(new Error(`It ended: ${said}`)));
  });
  return { child, port };
}

/** One end of a connection, and all that came from the other. */
class Peer {
  readonly socket: Socket;
  readonly closed: Promise<void>;
  #heard = "";
  #awaited: (() => void) | undefined;

  constructor(port: number) {
    this.socket = connect(port, "127.0.0.1");
    this.socket.setEncoding("latin1").on("data", (chunk: string) => {
      this.#heard += chunk;
      this.#awaited?.();
    });
    this.socket.on("error", () => {});
    this.closed = new Promise((resolve) => {
      this.socket.once("close", () => {
        resolve();
        this.#awaited?.();
      });
    });
  }

  send(text: string): this {
    this.socket.write(text, "latin1");
    return this;
  }

  /** Until it has heard this, or the connection is closed. */
  async hears(text: string | RegExp): Promise<void> {
    const has = (): boolean => (typeof text === "string" ? this.#heard.includes(text) : text.test(this.#heard));
    while (!has() && !this.socket.closed) {
      // oxlint-disable-next-line no-await-in-loop -- until it has
      await new Promise<void>((resolve) => (this.#awaited = resolve));
    }
    assert.ok(has(), `Heard ${JSON.stringify(this.#heard.slice(-200))}, not ${text}`);
  }

  get heard(): string {
    return this.#heard;
  }
}

/** Resolves once nobody can connect any more: the signal has come. */
async function refused(port: number): Promise<void> {
  for (;;) {
    const socket = connect(port, "127.0.0.1");
    // oxlint-disable-next-line no-await-in-loop -- until it is
    const isRefused = await new Promise<boolean>((resolve) => {
      socket.once("connect", () => resolve(false));
      socket.once("error", () => resolve(true));
    });
    socket.destroy();
    if (isRefused) return;
  }
}

const GET = "GET /hello HTTP/1.1\r\nhost: h\r\n\r\n";
/** The end of its answer: with a length if all of it was there when it began, as it is in the guest's own thread. */
const HELLO = /content-length: 12\r\n[^]*\r\n\r\nHello, WASI!$|\r\nHello, WASI!\r\n0\r\n\r\n$/i;
const ECHO = "POST /echo HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n5\r\nfirst\r\n";
const LARGE = "x".repeat(4 * 1024 * 1024);

interface Begun {
  readonly peer: Peer;
  /** After the signal: what is still to come, whole. */
  readonly finish: () => Promise<void>;
}

/** What a request may have come to when the signal comes. */
const STATES: Readonly<Record<string, (port: number) => Promise<Begun>>> = {
  "is half a header": async (port) => {
    const peer = new Peer(port).send(GET).send("GET /hello HTTP/1.1\r\nho");
    await peer.hears(HELLO);
    return {
      peer,
      finish: async () => {
        peer.send("st: h\r\nconnection: close\r\n\r\n");
        await peer.closed;
        assert.equal(peer.heard.split("Hello, WASI!").length, 3);
        assert.match(peer.heard, HELLO);
      },
    };
  },
  "is being sent, and answered": async (port) => {
    const peer = new Peer(port).send(ECHO);
    await peer.hears("first");
    return {
      peer,
      finish: async () => {
        peer.send("4\r\nlast\r\n0\r\n\r\n");
        await peer.hears("last");
        await peer.hears("0\r\n\r\n");
      },
    };
  },
  "is answered, and read slowly": async (port) => {
    const peer = new Peer(port);
    peer.socket.pause();
    peer.send(`POST /echo HTTP/1.1\r\nhost: h\r\nconnection: close\r\ncontent-length: ${LARGE.length}\r\n\r\n${LARGE}`);
    await new Promise((resolve) => void peer.socket.once("readable", resolve));
    return {
      peer,
      finish: async () => {
        peer.socket.resume();
        await peer.closed;
        assert.ok(peer.heard.endsWith("0\r\n\r\n"));
        assert.equal(peer.heard.split("x").length - 1, LARGE.length);
      },
    };
  },
  "waits for its turn": async (port) => {
    const before = new Peer(port).send(ECHO);
    await before.hears("first");
    const peer = new Peer(port).send(GET);
    // The server has it when it has answered what comes later by another way: its limit of one is not for what it refuses.
    const refusal = new Peer(port).send("GET / HTTP/1.0\r\nhost: a b\r\n\r\n");
    await refusal.closed;
    return {
      peer,
      finish: async () => {
        before.send("0\r\n\r\n");
        await peer.hears(HELLO);
      },
    };
  },
  "was answered, and its connection is kept": async (port) => {
    const peer = new Peer(port).send(GET);
    await peer.hears(HELLO);
    return { peer, finish: () => peer.closed };
  },
};

describe("drain", { concurrency: 3, skip: NOT_UNIX }, () => {
  for (const args of [[], ["--reuse", "100"], ["--workers", "2"]]) {
    for (const [state, begin] of Object.entries(STATES)) {
      test(`a request that ${state}, ${args.join(" ") || "by default"}`, async () => {
        const { child, port } = await serving([...args, "--max-concurrent-requests", "1"]);
        const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
        const { peer, finish } = await begin(port);
        child.kill("SIGTERM");
        await refused(port);
        await finish();
        assert.equal(await ended, 0);
        peer.socket.destroy();
      });
    }
  }
});
