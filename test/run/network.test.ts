/** The option `network`: what is not granted is not there, and guests on one network reach each other. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { InternalError, MemoryNetwork, run, type NetworkOptions } from "../../src/index.ts";
import { nodePlatform } from "../../src/hosts/node/platform.ts";
import type { Platform } from "../../src/run/platform.ts";
import { networkOf } from "../../src/run/network.ts";
import { makeWorld } from "../../src/run/world.ts";
import { guest } from "./support.ts";

async function exitCode(name: string, network: boolean | NetworkOptions | undefined): Promise<number> {
  const said: string[] = [];
  const result = await run(await guest(name), {
    args: [name],
    ...(network !== undefined && { network }),
    stderr: (chunk) => void said.push(Buffer.from(chunk).toString()),
  });
  return result.exitCode;
}

test("without the option there is no network", async () => {
  for (const network of [undefined, false, {}, { udp: false, lookup: false }]) {
    assert.equal(await exitCode("udp-ungranted", network), 0);
  }
});

test("rules for what is not granted are told: nothing would come of them", async () => {
  for (const rules of [
    { connect: ["127.0.0.1"] },
    { listen: ["0"] },
    { denyPrivate: true },
    { on: new MemoryNetwork() },
  ]) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await assert.rejects(exitCode("udp-ungranted", rules), {
      name: "TypeError",
      message: /^network: .* is for tcp, udp or lookup, and none of them is given: say which, such as tcp: true$/,
    });
    // oxlint-disable-next-line no-await-in-loop -- as above
    assert.equal(await exitCode("udp-ungranted", { ...rules, udp: false }), 0);
  }
});

test("each is granted by itself", async () => {
  assert.equal(await exitCode("udp-partial-send", { udp: true }), 0);
  assert.equal(await exitCode("udp-partial-send", { lookup: true }), 1);
  assert.equal(await exitCode("lookup-localhost", { lookup: true }), 0);
  assert.equal(await exitCode("lookup-localhost", { udp: true }), 1);
});

test("true is everything", async () => {
  for (const name of ["udp-partial-send", "lookup-localhost"]) assert.equal(await exitCode(name, true), 0);
});

test("a check that throws ends the guest, as a fault of the host's", async () => {
  const fault = new Error("no answer");
  for (const check of [() => assert.fail(fault), () => Promise.reject(fault)]) {
    await assert.rejects(
      exitCode("udp-partial-send", { udp: true, check }),
      (error) => error instanceof InternalError && error.cause === fault,
    );
  }
});

test("a check that throws while a guest connects, listens or accepts ends it, too", async () => {
  for (const wanted of ["tcp-listen", "tcp-connect", "tcp-accept"]) {
    const fault = new Error(wanted);
    for (const answer of [() => assert.fail(fault), () => Promise.reject(fault)]) {
      const check: NetworkOptions["check"] = (_, use) => use !== wanted || answer();
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await assert.rejects(
        exitCode("tcp-exchange", { tcp: true, check, on: new MemoryNetwork() }),
        (error) => error instanceof InternalError && error.cause === fault,
        wanted,
      );
    }
  }
});

test("a check is asked for each use, with the address", async () => {
  const uses: string[] = [];
  const check: NetworkOptions["check"] = ({ family, ip, port }, use) => {
    uses.push(`${use} ${family} ${ip} ${port > 0 ? "port" : "any"}`);
    return true;
  };
  assert.equal(await exitCode("udp-partial-send", { udp: true, check, on: new MemoryNetwork() }), 0);
  const [bind, send, receive] = [
    "udp-bind ipv4 127.0.0.1 any",
    "udp-send ipv4 127.0.0.1 port",
    "udp-receive ipv4 127.0.0.1 port",
  ];
  assert.deepEqual(uses, [bind, bind, send, send, send, receive, receive, receive]);
});

test("a runtime without a network says so", async () => {
  const { network: _, ...platform } = nodePlatform;
  await assert.rejects(networkOf(platform, true), /this runtime has none/);
  const { udp } = await networkOf(platform, { udp: true, on: new MemoryNetwork() });
  assert.ok(udp);
});

test("a guest that is over holds no port", async () => {
  const network = new MemoryNetwork();
  for (let round = 0; round < 3; round++) {
    assert.equal(await exitCode("udp-exchange", { udp: true, on: network }), 0);
  }
  const handle = network.udp.open("ipv4", { received: () => {}, failed: () => {}, settled: () => {} });
  for (let port = 49_152; port < 49_252; port++) {
    await handle.bind({ family: "ipv4", ip: "0.0.0.0", port });
    handle.close();
  }
});

for (const [how, told] of [
  ["is ended from outside", "ECONNRESET"],
  ["ends by itself", "the end"],
] as const) {
  test(`who is connected to a guest that ${how}, and has used neither stream, is told so`, async () => {
    const network = new MemoryNetwork();
    const [listening, accepted, over] = [
      Promise.withResolvers<number>(),
      Promise.withResolvers<void>(),
      new AbortController(),
    ];
    const asks = Promise.withResolvers<undefined>();
    const running = run(await guest("bench-sockets"), {
      args: ["bench-sockets", "idle", "1"],
      network: { tcp: true, on: network },
      signal: over.signal,
      stdin: (async function* wait() {
        await asks.promise;
      })(),
      stdout(chunk) {
        const [what, value] = Buffer.from(chunk).toString().split(" ");
        if (what === "port") listening.resolve(Number(value));
        else accepted.resolve();
      },
    });
    const remote = { family: "ipv4", ip: "127.0.0.1", port: await listening.promise } as const;
    const { source } = await network.tcp.open("ipv4").connect(remote, network.tcp.defaults());
    await accepted.promise;
    if (told === "the end") {
      asks.resolve(undefined);
      await running;
      assert.equal(source.read(1), null);
    } else {
      over.abort(new Error("enough"));
      await assert.rejects(running, /enough/);
      assert.throws(() => source.read(1), { code: told });
    }
  });
}

test("the thread never blocks on standard streams while there is a network", () => {
  const asked: boolean[] = [];
  const platform: Platform = {
    ...nodePlatform,
    standard: (options) => {
      asked.push(options.blockingStdio);
      return nodePlatform.standard({ ...options, blockingStdio: false });
    },
  };
  const exit = (): never => assert.fail();
  const networks = [undefined, false, true, { udp: true }];
  for (const network of networks)
    makeWorld(platform, { blockingStdio: true, ...(network !== undefined && { network }) }, exit);
  assert.deepEqual(asked, [true, true, false, false]);
});

const WRONG: readonly (readonly [option: unknown, message: RegExp])[] = [
  [{ TCP: true }, /^network: there is no TCP; expected tcp, udp, lookup, connect/],
  [{ tcp: 1 }, /^network: tcp must be true or false; got 1$/],
  [{ tcp: true, denyPrivate: "yes" }, /^network: denyPrivate must be true or false; got "yes"$/],
  [{ tcp: true, connect: "127.0.0.1" }, /^network: connect must be an array of strings, .*; got "127.0.0.1"$/],
  [{ tcp: true, listen: [8080] }, /^network: listen must be an array of strings, .*; got \[8080\]$/],
  [{ tcp: true, check: 5 }, /^network: check must be a function; got 5$/],
  [
    new MemoryNetwork(),
    /^network says what is granted; a network is given as network\.on, such as \{ tcp: true, on \}$/,
  ],
  [new MemoryNetwork().host("one", "10.0.0.1"), /^network says what is granted; a network is given as network\.on/],
  [{ tcp: true, on: {} }, /^network: on must be a network, with tcp, udp and lookup; got \{\}$/],
];

for (const [option, message] of WRONG) {
  test(`a network that makes no sense is named, ${String(message)}`, async () => {
    // What JavaScript may give.
    await assert.rejects(networkOf(nodePlatform, option as NetworkOptions), { name: "TypeError", message });
  });
}

test("what a check does to the address that it is given, nobody connects to", async () => {
  const check: NetworkOptions["check"] = (address) => {
    Object.assign(address, { ip: "10.9.9.9", port: 9 });
    return true;
  };
  assert.equal(await exitCode("tcp-exchange", { tcp: true, check, on: new MemoryNetwork() }), 0);
});
