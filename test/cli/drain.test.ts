/**
 * `sluice serve` and its end, whatever a request has come to by then: by a signal what was begun is answered to its end; by
 * the second one, or when a process is killed, nothing looks complete that is not.
 */
import assert from "node:assert/strict";
import { execFileSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { connect as connectHttp2 } from "node:http2";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { describe, test, type TestContext } from "node:test";
import { guest, NOT_UNIX, start } from "./support.ts";

interface Served {
  readonly child: ChildProcess;
  readonly port: number;
  /** The process has ended. */
  readonly ended: Promise<readonly [code: number | null, signal: NodeJS.Signals | null]>;
  /** Resolves when it has said this, with what that was. */
  readonly says: (text: RegExp) => Promise<RegExpExecArray>;
}

async function serving(args: readonly string[]): Promise<Served> {
  const child = start(["serve", "--addr", "0", "--http", "127.0.0.1", ...args, guest("http-handler")]);
  child.stdin?.end();
  let said = "";
  let awaited: (() => void) | undefined;
  child.stderr?.setEncoding("utf8").on("data", (chunk: string) => {
    said += chunk;
    awaited?.();
  });
  const ended = new Promise<readonly [number | null, NodeJS.Signals | null]>((resolve) => {
    child.once("close", (code, signal) => {
      resolve([code, signal]);
      awaited?.();
    });
  });
  const says = async (text: RegExp): Promise<RegExpExecArray> => {
    for (;;) {
      const found = text.exec(said);
      if (found) return found;
      assert.ok(child.exitCode === null && child.signalCode === null, `It ended, and has said ${said}`);
      // oxlint-disable-next-line no-await-in-loop -- until it has
      await new Promise<void>((resolve) => (awaited = resolve));
    }
  };
  const [, port] = await says(/^Serving HTTP on \S+:(\d+)\/\n/);
  return { child, port: Number(port), ended, says };
}

/** One end of a connection, and all that came from the other. */
class Peer {
  readonly socket: Socket;
  readonly closed: Promise<void>;
  #heard = "";
  #awaited: (() => void) | undefined;

  constructor(socket: Socket) {
    this.socket = socket;
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

  static to(port: number): Peer {
    return new Peer(connect(port, "127.0.0.1"));
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

  /** Responses that are whole, and their bodies. Of what is not, nothing. */
  get whole(): readonly string[] {
    const bodies: string[] = [];
    let rest = this.#heard;
    for (;;) {
      const head = /^HTTP\/1\.1 \d[^]*?\r\n\r\n/.exec(rest)?.[0];
      if (head === undefined) return bodies;
      const taken = bodyOf(head, rest.slice(head.length));
      if (!taken) return bodies;
      bodies.push(taken.body);
      rest = taken.rest;
    }
  }
}

/** Of a large one its length. */
function short(body: string): string {
  return body.length < 100 ? body : `${body.length} bytes`;
}

/** The body of a message, by its length or in chunks, if it is whole. */
function bodyOf(head: string, text: string): { readonly body: string; readonly rest: string } | undefined {
  const length = /^content-length: *(\d+)/im.exec(head)?.[1];
  if (length !== undefined) {
    const end = Number(length);
    return text.length < end ? undefined : { body: text.slice(0, end), rest: text.slice(end) };
  }
  let body = "";
  let rest = text;
  for (;;) {
    const size = /^([\da-f]+)\r\n/i.exec(rest);
    if (!size) return undefined;
    const bytes = Number.parseInt(size[1] ?? "", 16);
    rest = rest.slice(size[0].length);
    if (bytes === 0) {
      const trailers = /^(?:[^\r\n]+\r\n)*\r\n/.exec(rest)?.[0];
      return trailers === undefined ? undefined : { body, rest: rest.slice(trailers.length) };
    }
    if (rest.length < bytes + 2) return undefined;
    body += rest.slice(0, bytes);
    rest = rest.slice(bytes + 2);
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
const HELLO = "Hello, WASI!";
/** The end of that: with a length if all of it was there when it began, as it is in the guest's own thread. */
const ANSWERED = /\r\n\r\nHello, WASI!$|\r\n0\r\n\r\n$/;
const ECHO = "POST /echo HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n5\r\nfirst\r\n";
/** More than the system holds on the way. */
const LARGE = "x".repeat(32 * 1024 * 1024);

interface Begun {
  /** After the signal: what is still to come, whole. */
  readonly finish: () => Promise<void>;
  /** After its process was ended: resolves when the connection is, and nothing more is whole than was. */
  readonly cut: () => Promise<void>;
}

/** What can be asked of a peer, of which nothing more is whole than `before` if it is cut. */
function begun(peer: Peer, before: readonly string[], finish: () => Promise<void>): Begun {
  return {
    finish: async () => {
      await finish();
      peer.socket.destroy();
    },
    cut: async () => {
      peer.socket.resume();
      await peer.closed;
      assert.deepEqual(peer.whole.map(short), before);
    },
  };
}

/** Whom the guest asks: says so when it does, and answers what it is told, as it is told. */
async function upstream(t: TestContext): Promise<{ readonly port: number; readonly asked: Promise<Peer> }> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  const asked = once(server, "connection").then(async ([socket]) => {
    // What it is given.
    const peer = new Peer(socket as Socket);
    t.after(() => peer.socket.destroy());
    await peer.hears("\r\n\r\n");
    return peer;
  });
  // The server has an address.
  return { port: (server.address() as AddressInfo).port, asked };
}

type Begin = (port: number, t: TestContext) => Promise<Begun>;

/** A request of which the guest waits for another's answer, of which this much has come. */
function forwarding(came: string, rest: string, body: string): Begin {
  return async (port, t) => {
    const { port: to, asked } = await upstream(t);
    const peer = Peer.to(port).send(
      `GET /forward HTTP/1.1\r\nhost: h\r\nto: 127.0.0.1:${to}\r\npath: /\r\nconnection: close\r\n\r\n`,
    );
    const answering = (await asked).send(came);
    // What the guest has passed on by then.
    if (came.includes("part")) await peer.hears("part");
    else if (came !== "") await peer.hears("\r\n\r\n");
    return begun(peer, [], async () => {
      answering.send(rest);
      await peer.closed;
      assert.deepEqual(peer.whole, [body]);
    });
  };
}

/** What a request may have come to when the end comes. */
const STATES: Readonly<Record<string, Begin>> = {
  "was answered, and its connection is kept": async (port) => {
    const peer = Peer.to(port).send(GET);
    await peer.hears(ANSWERED);
    return begun(peer, [HELLO], async () => {
      await peer.closed;
      assert.deepEqual(peer.whole, [HELLO]);
    });
  },
  "is half a header": async (port) => {
    const peer = Peer.to(port).send(`${GET}GET /hello HTTP/1.1\r\nho`);
    await peer.hears(ANSWERED);
    return begun(peer, [HELLO], async () => {
      peer.send("st: h\r\nconnection: close\r\n\r\n");
      await peer.closed;
      assert.deepEqual(peer.whole, [HELLO, HELLO]);
    });
  },
  "is being sent, and answered": async (port) => {
    const peer = Peer.to(port).send(ECHO);
    await peer.hears("first");
    return begun(peer, [], async () => {
      peer.send("4\r\nlast\r\n0\r\n\r\n");
      await peer.hears("0\r\n\r\n");
      assert.deepEqual(peer.whole, ["firstlast"]);
    });
  },
  "has its trailers to come": async (port) => {
    const peer = Peer.to(port).send(`${ECHO}0\r\nx-half: `);
    await peer.hears("first");
    return begun(peer, [], async () => {
      peer.send("whole\r\n\r\n");
      await peer.hears("x-half: whole\r\n\r\n");
      assert.deepEqual(peer.whole, ["first"]);
    });
  },
  "is answered, and read slowly": async (port) => {
    const peer = Peer.to(port);
    // Its first piece, and no more: a listener of `readable` would have all of it flow once it is gone.
    peer.socket.once("data", () => peer.socket.pause());
    peer.send(`POST /echo HTTP/1.1\r\nhost: h\r\nconnection: close\r\ncontent-length: ${LARGE.length}\r\n\r\n${LARGE}`);
    await once(peer.socket, "data");
    return begun(peer, [], async () => {
      peer.socket.resume();
      await peer.closed;
      assert.deepEqual(peer.whole.map(short), [short(LARGE)]);
    });
  },
  "keeps the guest waiting": forwarding("", "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nlast", "last"),
  "keeps the guest waiting, and its connection": async (port, t) => {
    const { port: to, asked } = await upstream(t);
    const peer = Peer.to(port).send(`GET /forward HTTP/1.1\r\nhost: h\r\nto: 127.0.0.1:${to}\r\npath: /\r\n\r\n`);
    const answering = await asked;
    return begun(peer, [], async () => {
      answering.send("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nlast");
      await peer.closed;
      assert.deepEqual(peer.whole, ["last"]);
      // So that nothing more is asked there.
      assert.match(peer.heard, /\r\nconnection: close\r\n/i);
    });
  },
  "keeps the guest waiting, with another behind it": async (port, t) => {
    const { port: to, asked } = await upstream(t);
    const peer = Peer.to(port).send(`GET /forward HTTP/1.1\r\nhost: h\r\nto: 127.0.0.1:${to}\r\npath: /\r\n\r\n${GET}`);
    const answering = await asked;
    return begun(peer, [], async () => {
      answering.send("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nlast");
      await peer.closed;
      assert.deepEqual(peer.whole, ["last", HELLO]);
    });
  },
  "has the header of its response": forwarding("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n", "last", "last"),
  "has half of its response": forwarding("HTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\npart", "last", "partlast"),
  "has its response but for the trailers": forwarding(
    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\npart\r\n0\r\nx-half: ",
    "whole\r\n\r\n",
    "part",
  ),
  "is a stream of HTTP/2": async (port) => {
    const session = connectHttp2(`http://127.0.0.1:${port}`);
    session.on("error", () => {});
    const closed = new Promise<void>((resolve) => void session.once("close", resolve));
    const stream = session.request({ ":method": "POST", ":path": "/echo" });
    stream.on("error", () => {});
    const gone = new Promise<void>((resolve) => void stream.once("close", resolve));
    let heard = "";
    let isWhole = false;
    const part = new Promise<void>((resolve, reject) => {
      stream.setEncoding("latin1").on("data", (chunk: string) => {
        heard += chunk;
        if (heard === "first") resolve();
      });
      void gone.then(() => reject(new Error("The stream is closed")));
    });
    stream.on("end", () => (isWhole = !stream.aborted && stream.rstCode === 0));
    stream.write("first");
    await part;
    return {
      finish: async () => {
        stream.end("last");
        await gone;
        assert.deepEqual([heard, isWhole], ["firstlast", true]);
        await closed;
      },
      cut: async () => {
        await gone;
        assert.deepEqual([heard, isWhole], ["first", false]);
      },
    };
  },
};

/** One waits for its turn, behind one that is being answered: where one is answered at a time. */
const waiting: Begin = async (port) => {
  const before = Peer.to(port).send(ECHO);
  await before.hears("first");
  const peer = Peer.to(port).send(GET);
  // The server has it when it has answered what comes later by another way: its limit of one is not for what it refuses.
  const refusal = Peer.to(port).send("GET / HTTP/1.0\r\nhost: a b\r\n\r\n");
  await refusal.closed;
  return begun(peer, [], async () => {
    before.send("0\r\n\r\n");
    await before.closed;
    await peer.closed;
    assert.deepEqual([before.whole, peer.whole], [["first"], [HELLO]]);
  });
};

async function beginAll(port: number, t: TestContext): Promise<readonly (readonly [state: string, Begun])[]> {
  const states = Object.entries(STATES);
  return Promise.all(states.map(async ([state, begin]) => [state, await begin(port, t)] as const));
}

/** Has each of them do so, and says of which one what is not as it should be. */
async function each(all: Awaited<ReturnType<typeof beginAll>>, how: keyof Begun): Promise<void> {
  for (const [state, one] of all) {
    try {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await one[how]();
    } catch (cause) {
      throw new Error(`A request that ${state}`, { cause });
    }
  }
}

function signalAll({ child: { pid } }: Served, signal: NodeJS.Signals): void {
  assert.ok(pid !== undefined);
  // It has a process group of its own, as what is started from a terminal has.
  process.kill(-pid, signal);
}

function workersOf({ child }: Served): number[] {
  return execFileSync("pgrep", ["-P", String(child.pid)], { encoding: "utf8" })
    .trim()
    .split("\n")
    .map(Number);
}

/** Two others answer, in the place of two that have ended so. */
async function othersAnswer({ says, port: before }: Served, how: string): Promise<void> {
  const others = `(?:[^]*worker \\d+ ended \\(${how}\\): starting another\n){2}`;
  const [, port] = await says(new RegExp(`${others}[^]*Serving HTTP on \\S+:(\\d+)/\n`));
  assert.equal(Number(port), before);
  const peer = Peer.to(before).send(GET);
  await peer.hears(ANSWERED);
  peer.socket.destroy();
}

describe("drain", { concurrency: 3, skip: NOT_UNIX }, () => {
  for (const [state, begin] of Object.entries({ ...STATES, "waits for its turn": waiting })) {
    test(`a request that ${state} is answered after SIGTERM`, async (t) => {
      const args = begin === waiting ? ["--max-concurrent-requests", "1"] : [];
      const { child, port, ended } = await serving(args);
      const { finish } = await begin(port, t);
      child.kill("SIGTERM");
      await refused(port);
      await finish();
      assert.deepEqual(await ended, [0, null]);
    });
  }

  for (const args of [
    ["--reuse", "100"],
    ["--workers", "2"],
  ]) {
    test(`all of them at once are, with ${args.join(" ")}`, async (t) => {
      const { child, port, ended } = await serving(args);
      const all = await beginAll(port, t);
      child.kill("SIGTERM");
      await refused(port);
      await each(all, "finish");
      assert.deepEqual(await ended, [0, null]);
    });
  }

  test("a client that leaves with several requests on its connection keeps no server", async (t) => {
    const { child, port, ended } = await serving(["--max-stall-time", "1h"]);
    const { port: to, asked } = await upstream(t);
    const ahead = `GET /forward HTTP/1.1\r\nhost: h\r\nto: 127.0.0.1:${to}\r\npath: /\r\n\r\n`;
    const peer = Peer.to(port).send(`${ahead}${GET.repeat(3)}${ECHO}`);
    const answering = await asked;
    peer.socket.destroy();
    answering.send("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nlast");
    child.kill("SIGTERM");
    assert.deepEqual(await ended, [0, null]);
  });

  for (const args of [[], ["--workers", "2"]]) {
    test(`all of them are after a SIGINT from the terminal, which every process gets: ${args.join(" ") || "alone"}`, async (t) => {
      const served = await serving(args);
      const all = await beginAll(served.port, t);
      signalAll(served, "SIGINT");
      await refused(served.port);
      await each(all, "finish");
      assert.deepEqual(await served.ended, [0, null]);
    });

    test(`all of them are cut by the second signal: ${args.join(" ") || "alone"}`, async (t) => {
      const { child, port, ended } = await serving(args);
      const all = await beginAll(port, t);
      child.kill("SIGTERM");
      await refused(port);
      child.kill("SIGTERM");
      await each(all, "cut");
      assert.deepEqual(await ended, [null, "SIGTERM"]);
    });
  }

  test("all of them are cut with a process that is killed, and another one answers", async (t) => {
    const served = await serving(["--workers", "2"]);
    const { child, port, ended } = served;
    const all = await beginAll(port, t);
    for (const pid of workersOf(served)) process.kill(pid, "SIGKILL");
    await each(all, "cut");
    await othersAnswer(served, "SIGKILL");
    child.kill("SIGTERM");
    assert.deepEqual(await ended, [0, null]);
  });

  test("what one process of several has begun is answered if that alone is to end", async (t) => {
    const served = await serving(["--workers", "2"]);
    const { child, port, ended, says } = served;
    await says(/Serving HTTP[^]*Serving HTTP/);
    const all = await beginAll(port, t);
    for (const pid of workersOf(served)) process.kill(pid, "SIGTERM");
    await each(all, "finish");
    await othersAnswer(served, "0");
    child.kill("SIGTERM");
    assert.deepEqual(await ended, [0, null]);
  });
});
