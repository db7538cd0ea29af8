/** What the command line grants of the network. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { commandOf } from "../../src/cli/command.ts";
import type { NetworkGrant } from "../../src/cli/network.ts";
import { UsageError } from "../../src/cli/usage.ts";

function granted(...options: readonly string[]): NetworkGrant | undefined {
  const command = commandOf(["run", ...options, "app.wasm"], {});
  assert.ok(command.name === "run");
  return command.options.network;
}

const ALL: NetworkGrant = {
  tcp: true,
  udp: true,
  lookup: true,
  connect: undefined,
  listen: undefined,
  denyPrivate: false,
};

for (const [options, expected] of [
  [[], undefined],
  [["--net"], ALL],
  [["--net", "--deny-private"], { ...ALL, denyPrivate: true }],
  [["-S", "inherit-network"], { ...ALL, lookup: false }],
  [["-Sinherit-network"], { ...ALL, lookup: false }],
  [["--wasi=inherit-network=y"], { ...ALL, lookup: false }],
  [["-S", "inherit-network,allow-ip-name-lookup"], ALL],
  [["-S", "inherit-network", "-S", "udp=n"], { ...ALL, udp: false, lookup: false }],
  [["-S", "inherit-network=n"], undefined],
  [["-S", "tcp"], { ...ALL, udp: false, lookup: false, connect: [], listen: [] }],
  [["--connect", "10.0.0.0/8:443"], { ...ALL, lookup: false, connect: ["10.0.0.0/8:443"], listen: [] }],
  [["--connect", "2001:db8::1"], { ...ALL, lookup: false, connect: ["2001:db8::1"], listen: [] }],
  [["--connect", "example.com"], { ...ALL, connect: ["example.com"], listen: [] }],
  [["--listen", "8080", "--listen", "[::1]:0"], { ...ALL, lookup: false, connect: [], listen: ["8080", "[::1]:0"] }],
] as const) {
  test(options.join(" ") || "nothing", () => assert.deepEqual(granted(...options), expected));
}

for (const [options, message] of [
  [["--deny-private"], /give one of them too/],
  [["-S", "tcp=maybe"], /got "tcp=maybe"/],
  [["--connect", "1.2.3.4/40"], /A rule of --connect is/],
  [["--connect", "::1:80"], /A rule of --connect has/],
  [["--listen", "here"], /A rule of --listen is/],
] as const) {
  test(`${options.join(" ")} is refused`, () => {
    assert.throws(
      () => granted(...options),
      (error) => error instanceof UsageError && message.test(error.message),
    );
  });
}
