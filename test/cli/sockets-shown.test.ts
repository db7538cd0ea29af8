/** What `--stats` and `--trace` show of sockets. */
import { strict as assert } from "node:assert";
import { describe, test } from "node:test";
import { statsTable } from "../../src/cli/stats.ts";
import { newTally } from "../../src/io/tally.ts";
import { SocketTallies } from "../../src/wasi/sockets/tallies.ts";
import { guest, sluice } from "./support.ts";

/** Bytes of each direction of each socket, by `PROTOCOL FROM TO`. */
function carried(table: string): Map<string, number> {
  const rows = [...table.matchAll(/^(tcp|udp) (\S+) (->|<-) (\S+) +(\d+) +\d+ +\d+$/gm)];
  return new Map(
    rows.map(([, protocol, local, way, remote, bytes]) => [`${protocol} ${local} ${way} ${remote}`, Number(bytes)]),
  );
}

describe("sockets are shown", () => {
  test("--stats shows each direction of each connection, and what one sends the other receives", async () => {
    const { code, stderr } = await sluice(["--net", "--stats", guest("tcp-exchange")]);
    assert.equal(code, 0);
    const rows = carried(stderr);
    // Two connections, of IPv4 and of IPv6, each of which the guest has both ends of.
    assert.equal(rows.size, 8, stderr);
    const [client = ""] = rows.keys();
    const [, local, , remote] = client.split(" ");
    assert.equal(rows.get(`tcp ${local} -> ${remote}`), rows.get(`tcp ${remote} <- ${local}`));
    assert.ok((rows.get(client) ?? 0) > 65_536, stderr);
    const widths = new Set(
      stderr
        .trimEnd()
        .split("\n")
        .map((line) => line.length),
    );
    assert.equal(widths.size, 1, stderr);
  });

  test("--stats shows streams of datagrams, with and without a peer", async () => {
    const { code, stderr } = await sluice(["--net", "--stats", guest("udp-exchange")]);
    assert.equal(code, 0);
    const rows = [...carried(stderr).keys()];
    assert.ok(
      rows.some((row) => /^udp 127\.0\.0\.1:\d+ -> anybody$/.test(row)),
      stderr,
    );
    assert.ok(
      rows.some((row) => /^udp \[::1\]:\d+ <- \[::1\]:\d+$/.test(row)),
      stderr,
    );
  });

  test("--trace shows who is connected to whom", async () => {
    const { code, stderr } = await sluice(["--net", "--trace", guest("tcp-exchange")]);
    assert.equal(code, 0);
    assert.match(stderr, /tcp-socket\.finish-listen\(tcp-socket \(bound|listening\)\)/);
    assert.match(stderr, /tcp-socket\.shutdown\(tcp-socket 127\.0\.0\.1:\d+ -> 127\.0\.0\.1:\d+, "send"\) = \(\)/);
  });

  test("of many sockets the first are told one by one, and all others together", () => {
    const sockets = new SocketTallies();
    const local = { family: "ipv4", ip: "127.0.0.1", port: 80 } as const;
    for (let port = 1; port <= 1000; port++) {
      const { received, sent } = sockets.add("tcp", local, { family: "ipv6", ip: "::1", port });
      received.bytes += 1;
      sent.bytes += 2;
    }
    assert.equal(sockets.each.length, 64);
    assert.deepEqual(sockets.each[63], {
      ...{ protocol: "tcp", local: "127.0.0.1:80", remote: "[::1]:64" },
      received: { ...newTally(), bytes: 1 },
      sent: { ...newTally(), bytes: 2 },
    });
    const table = statsTable({ stdin: newTally(), stdout: newTally(), stderr: newTally(), sockets });
    assert.match(table, /^936 more sockets -> +1872 +0 +0\n936 more sockets <- +936 +0 +0\n$/m);
  });
});
