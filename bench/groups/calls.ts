/** What one call costs within a process, when it need not wait and when it must: no system call blurs it. */
import { OURS, type Case, type Measurement } from "../case.ts";
import { program } from "../contestants.ts";
import { glueModule } from "../peer.ts";
import { numberIn, runCommand } from "../processes.ts";
import { bytes } from "../words.ts";

const ROUNDS = 5;
/** How long each sample is measured for. */
const MS = "60";

/** A call that does nothing but store a constant. */
export const EMPTY = "empty call";
/** What a pollable that is ready is compared with. */
export const CHECK_WRITE = "check-write";
/** JavaScript that waits for the same. */
export const AWAIT = "JS await";
/** WebAssembly that waits for the same, without a host. */
const SUSPENDING = "bare suspension";

/** Where the bytes of a guest go: see programs/calls.ts. */
type Host = "discard" | "buffer" | "pipe";

async function nsOf(host: Host, what: string): Promise<number> {
  return numberIn((await runCommand(program("calls", host, what, 1000, MS))).stdout, what);
}

/** The same guest without a host. */
async function emptyNsOf(what: string): Promise<number> {
  const glue = await glueModule("bench-calls");
  return numberIn((await runCommand(program("empty-host", glue, what, 1000, MS))).stdout, what);
}

/** A write alone: a check-write and a write, less a check-write that is measured beside it. */
function writeOf(host: Host, size: number): Measurement {
  return async () => (await nsOf(host, `check-and-write-${size}`)) - (await nsOf(host, "check-write"));
}

const PLAIN: readonly [id: string, what: string][] = [
  ["ready", "`ready`, and it is"],
  ["block-ready", "`block` on what is ready"],
  ["write-and-blocking-flush-64", "`check-write`, `write` of 64 bytes and `blocking-flush`, to nobody"],
  ["blocking-write-and-flush-4096", "`blocking-write-and-flush` of 4096 bytes to nobody"],
  ...[1, 10, 100, 1000].map((count): [string, string] => [`poll-${count}`, `\`poll\` of ${count}, one is ready`]),
  ...[1, 64, 4096, 65_536].map((size): [string, string] => [`read-${size}`, `\`read\` of ${bytes(size)}`]),
];

const TIMERS: readonly [id: string, what: string][] = [
  ["timer-ready", "`ready` of a timer that has fired"],
  ["timer-poll", "`poll` of a timer that has fired"],
];

/** Each makes a resource and drops it: two calls that leave WebAssembly, which `check-write` does no more. */
const DROPS: readonly [id: string, what: string][] = [
  ["subscribe-and-drop", "`subscribe` and drop"],
  ["timer-subscribe-and-drop", "`subscribe-duration` and drop"],
];

const WRITES: readonly [id: string, host: Host, size: number, what: string][] = [
  ...[1, 64, 4096, 65_536].map((size): [string, Host, number, string] => [
    `write-${size}`,
    "buffer",
    size,
    `\`write\` of ${bytes(size)} into the buffer`,
  ]),
  ["write-64-pipe", "pipe", 64, "`write` of 64 bytes into a `Pipe` whose reader waits"],
];

const WAITS: readonly [kind: string, what: string][] = [
  ["turn", "to wait for a turn of the event loop"],
  ["promise", "to wait for a resolved promise"],
];

export function calls(): readonly Case[] {
  const common = { unit: "ns", better: "less", rounds: ROUNDS } as const;
  return [
    {
      ...common,
      id: "check-write",
      what: "`check-write`",
      contestants: {
        [OURS]: () => nsOf("discard", "check-write"),
        [EMPTY]: () => emptyNsOf("check-write"),
      },
    },
    ...WRITES.map(([id, host, size, what]) => ({
      ...common,
      id,
      what,
      contestants: { [OURS]: writeOf(host, size) },
    })),
    {
      ...common,
      id: "check-and-write-64",
      what: "`check-write` and `write` of 64 bytes",
      contestants: { [OURS]: () => nsOf("buffer", "check-and-write-64") },
    },
    ...PLAIN.map(([id, what]) => ({ ...common, id, what, contestants: { [OURS]: () => nsOf("discard", id) } })),
    ...TIMERS.map(([id, what]) => ({
      ...common,
      id,
      what,
      contestants: { [OURS]: () => nsOf("discard", id), [CHECK_WRITE]: () => nsOf("discard", "check-write") },
    })),
    ...DROPS.map(([id, what]) => ({
      ...common,
      id,
      what,
      contestants: { [OURS]: () => nsOf("discard", id), [EMPTY]: () => emptyNsOf("check-write") },
    })),
    ...WAITS.map(([kind, what]) => ({
      ...common,
      id: `wait-${kind}`,
      what,
      contestants: {
        // A read that waits, less one that need not.
        [OURS]: async () => (await waitNs("guest", kind)) - (await waitNs("guest", "ready")),
        [AWAIT]: () => waitNs("loop", kind),
        [SUSPENDING]: () => waitNs("bare", kind),
      },
    })),
  ];
}

async function waitNs(who: "guest" | "loop" | "bare", kind: string): Promise<number> {
  return numberIn((await runCommand(program("suspension", who, kind, MS))).stdout, "blocking-read-64");
}
