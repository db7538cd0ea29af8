/** The guests of TCP, UDP and name lookup, on the system's network and on one in memory. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { MemoryNetwork, run, type AddressCheck, type Limits, type NetworkOptions } from "../../src/index.ts";
import { departures } from "./departures.ts";

interface NetworkClaim {
  readonly name: string;
  readonly claim: string;
  /** What it does; it succeeds otherwise. */
  readonly traps?: RegExp;
  /** The file beside its source that has what it prints on Wasmtime 49. */
  readonly prints?: boolean;
  /** False: it is given no network. */
  readonly granted?: boolean;
  readonly check?: AddressCheck;
  readonly limits?: Partial<Limits>;
  /** Why it is played on one network only: the system holds back datagrams itself, and loses some. */
  readonly onlyInMemory?: boolean;
}

/** As the head of udp-denied.c has it. */
const denying: AddressCheck = ({ ip, port }, use) =>
  !(
    (use === "udp-bind" && ip === "127.0.0.3") ||
    port === 9 ||
    (use === "udp-send" && port === 10) ||
    (use === "udp-receive" && ip === "127.0.0.2")
  );

const claims: readonly NetworkClaim[] = [
  { name: "udp-ungranted", claim: "no network is there, and says so", granted: false },
  { name: "udp-errors", claim: "what each call says", prints: true },
  { name: "udp-exchange", claim: "datagrams arrive whole, and in order" },
  { name: "udp-partial-send", claim: "a send of many gives how many were sent" },
  { name: "udp-refused", claim: "a refusal is told once" },
  { name: "udp-reconnect", claim: "a socket keeps its port, and has one peer" },
  { name: "udp-send-without-permit", claim: "a send without a permit traps", traps: /permit of 0.*rule 10\.4/ },
  { name: "udp-send-beyond-permit", claim: "a send beyond its permit traps", traps: /permit of 16.*rule 10\.4/ },
  { name: "udp-send-twice-on-one-permit", claim: "a permit is for one send", traps: /permit of 0.*rule 10\.4/ },
  { name: "udp-stream-twice", claim: "earlier streams have to be dropped", traps: /rule 10\.3/ },
  { name: "udp-denied", claim: "addresses are checked when they are used", check: denying },
  {
    name: "udp-denied",
    claim: "a check may take its time",
    check: async (address, use) => Promise.resolve().then(() => denying(address, use)),
  },
  {
    name: "udp-limits",
    claim: "a guest is bounded",
    limits: { sockets: 3, datagramBytes: 65_536 },
    onlyInMemory: true,
  },
  { name: "tcp-exchange", claim: "bytes go both ways, and each direction ends by itself" },
  {
    name: "tcp-drop-order",
    claim: "the streams of a connection are dropped before it",
    traps: /rule 1\.3/,
  },
  { name: "lookup-names", claim: "addresses are names of themselves", prints: true },
  { name: "lookup-localhost", claim: "a lookup is waited for" },
];

const networks: Readonly<Record<string, () => NetworkOptions>> = {
  "the system's": () => ({}),
  "in memory": () => ({ on: new MemoryNetwork() }),
};

/** Whether this machine has all loopback addresses, and not only the first. */
const IS_LINUX = process.platform === "linux";

async function play(claim: NetworkClaim, network: NetworkOptions): Promise<void> {
  const said: Record<"stdout" | "stderr", string> = { stdout: "", stderr: "" };
  const wasm = await readFile(new URL(`built/${claim.name}.wasm`, import.meta.url));
  const running = run(wasm, {
    args: [claim.name],
    network: claim.granted !== false && {
      ...network,
      tcp: true,
      udp: true,
      lookup: true,
      ...(claim.check && { check: claim.check }),
    },
    ...(claim.limits && { limits: claim.limits }),
    stdout: (chunk) => void (said.stdout += Buffer.from(chunk).toString()),
    stderr: (chunk) => void (said.stderr += Buffer.from(chunk).toString()),
  });
  if (claim.traps) {
    await assert.rejects(running, claim.traps);
    return;
  }
  const { exitCode } = await running;
  assert.equal(exitCode, 0, said.stderr);
  if (claim.prints !== true) return;
  const reference = await readFile(new URL(`src/claims/${claim.name}.expected.txt`, import.meta.url), "utf8");
  const ours = new Map(departures.filter(({ guest }) => guest === claim.name).flatMap(({ lines }) => lines));
  const expected = reference.split("\n").map((line) => ours.get(line) ?? line);
  assert.deepEqual(said.stdout.split("\n"), expected);
}

for (const [where, network] of Object.entries(networks)) {
  for (const claim of claims) {
    if (claim.onlyInMemory === true && where !== "in memory") continue;
    const skip = claim.name === "udp-denied" && where !== "in memory" && !IS_LINUX;
    test(`${claim.name}: ${claim.claim} (${where})`, { timeout: 300_000, skip }, () => play(claim, network()));
  }
}
