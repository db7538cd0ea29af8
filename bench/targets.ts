/** What we want to reach, each computed from rows of one run. */
import { medianOf, OURS, type Row } from "./case.ts";
import { C, NODE, SHIM, WASMTIME } from "./contestants.ts";
import { BEFORE, SYNC } from "./groups/async.ts";
import { IN_NODE, TRANSFORM } from "./groups/browser.ts";
import { AWAIT, CHECK_WRITE, EMPTY } from "./groups/calls.ts";
import { COPIES } from "./groups/loader.ts";
import { CORE } from "./groups/memory.ts";
import { BARE } from "./groups/startup.ts";
import { ALONE, RAW } from "./groups/nats.ts";
import { figure } from "./words.ts";

/** All rows, by GROUP/ID. */
export type Rows = ReadonlyMap<string, Row>;

/** A target and how it was missed or met. */
export interface Verdict {
  readonly what: string;
  readonly wanted: string;
  readonly got: string;
  /** `undefined` if it could not be measured. */
  readonly met: boolean | undefined;
}

interface Target {
  readonly what: string;
  readonly row: string;
  /** Given a name, what is compared is the ratio to it (`/`) or what we are over it (`-`). */
  readonly to?: readonly ["/" | "-", contestant: string];
  readonly bound: readonly ["at most" | "at least" | "all finish", number];
}

const TARGETS: readonly Target[] = [
  { what: "`check-write`", row: "calls/check-write", bound: ["at most", 15] },
  { what: "`check-write`", row: "calls/check-write", to: ["/", EMPTY], bound: ["at most", 2] },
  { what: "`write` of 64 bytes into the buffer", row: "calls/write-64", bound: ["at most", 40] },
  { what: "`read` of 64 bytes from the buffer", row: "calls/read-64", bound: ["at most", 80] },
  { what: "`poll` of 1, ready", row: "calls/poll-1", bound: ["at most", 25] },
  { what: "`poll` of 100, one is ready", row: "calls/poll-100", bound: ["at most", 1500] },
  { what: "a blocking call that is ready", row: "calls/block-ready", bound: ["at most", 30] },
  {
    what: "`ready` of a timer that has fired",
    row: "calls/timer-ready",
    to: ["/", CHECK_WRITE],
    bound: ["at most", 3],
  },
  { what: "`poll` of a timer that has fired", row: "calls/timer-poll", to: ["/", CHECK_WRITE], bound: ["at most", 6] },
  { what: "`subscribe` and drop", row: "calls/subscribe-and-drop", to: ["/", EMPTY], bound: ["at most", 8] },
  {
    what: "`subscribe-duration` and drop",
    row: "calls/timer-subscribe-and-drop",
    to: ["/", EMPTY],
    bound: ["at most", 8],
  },
  { what: "a suspension for a turn", row: "calls/wait-turn", to: ["-", AWAIT], bound: ["at most", 300] },
  { what: "a suspension for a promise", row: "calls/wait-promise", to: ["-", AWAIT], bound: ["at most", 300] },
  ...([NODE, C, WASMTIME] as const).map((peer, index): Target => ({
    what: "permit loop of 64 KiB to a pipe",
    row: "throughput/permit-pipe",
    to: ["/", peer],
    bound: ["at least", [2, 0.8, 1][index] ?? 1],
  })),
  ...[NODE, WASMTIME].map((peer): Target => ({
    what: "`blocking-write-and-flush` of 4 KiB to a pipe",
    row: "throughput/flush-pipe",
    to: ["/", peer],
    bound: ["at least", 1],
  })),
  { what: "splice, file to pipe", row: "copy/splice-file", to: ["/", NODE], bound: ["at least", 0.8] },
  {
    what: "`sluice run hello`, processor time",
    row: "startup/command-small-cpu",
    to: ["-", BARE],
    bound: ["at most", 10],
  },
  {
    what: "hello in a library, processor time",
    row: "startup/first-small-cpu",
    to: ["-", BARE],
    bound: ["at most", 25],
  },
  {
    what: "2.7 MB of Go in a library, processor time",
    row: "startup/first-large-cpu",
    to: ["-", BARE],
    bound: ["at most", 50],
  },
  { what: "an export of two numbers, awaited", row: "loader/add", bound: ["at most", 600] },
  { what: "an export of two numbers, `syncExports`", row: "loader/add-sync", bound: ["at most", 20] },
  { what: "two numbers from component to component", row: "loader/pair-add", bound: ["at most", 20] },
  { what: "20 bytes of text from component to component", row: "loader/pair-text", bound: ["at most", 100] },
  { what: "32 KiB from component to component", row: "loader/pair-bytes", to: ["/", COPIES], bound: ["at most", 1.2] },
  { what: "`cat` by WASI 0.3 beside 0.2", row: "async/cat", to: ["/", BEFORE], bound: ["at least", 0.8] },
  { what: "`cat` by WASI 0.3 to a pipe", row: "async/cat-pipe", to: ["/", WASMTIME], bound: ["at least", 1] },
  { what: "an async import that answers at once", row: "async/import", to: ["/", SYNC], bound: ["at most", 3] },
  { what: "an async export that returns at once", row: "async/export", to: ["/", SYNC], bound: ["at most", 3] },
  { what: "an instance of hello, which is compiled", row: "loader/instantiate", bound: ["at most", 0.1] },
  ...(["send", "receive"] as const).flatMap((way): Target[] => {
    const what = way === "send" ? "TCP, sending" : "TCP, receiving";
    return [
      ...(
        [
          [NODE, 0.95],
          [SHIM, 5],
          [WASMTIME, 1],
        ] as const
      ).map(([peer, least]): Target => ({
        what: `${what} 64 KiB`,
        row: `sockets/${way}-65536`,
        to: ["/", peer],
        bound: ["at least", least],
      })),
      {
        what: `${what} 4 KiB`,
        row: `sockets/${way}-4096`,
        to: ["/", NODE],
        bound: ["at least", way === "send" ? 1.5 : 1.2],
      },
    ];
  }),
  { what: "TCP, 64 bytes there and back", row: "sockets/ping", to: ["/", NODE], bound: ["at most", 0.8] },
  { what: "TCP, accepting", row: "sockets/accept", to: ["/", NODE], bound: ["at least", 0.7] },
  { what: "one of 10,000 idle connections", row: "sockets/idle", to: ["/", NODE], bound: ["at most", 1.5] },
  { what: "serving, an instance for each request", row: "http/fresh", to: ["/", NODE], bound: ["at least", 0.5] },
  { what: "serving, an instance for each request", row: "http/fresh", to: ["/", WASMTIME], bound: ["at least", 1] },
  { what: "serving, an instance for all", row: "http/reuse", to: ["/", NODE], bound: ["at least", 0.8] },
  { what: "serving, beside what `jco serve` runs", row: "http/reuse", to: ["/", SHIM], bound: ["at least", 10] },
  { what: "99 of 100 answers, an instance for each", row: "http/fresh-p99", bound: ["at most", 10] },
  { what: "99 of 100 answers, an instance for all", row: "http/reuse-p99", bound: ["at most", 10] },
  { what: "a body of 1 GiB and back", row: "http/body", to: ["/", NODE], bound: ["at least", 0.8] },
  { what: "three that wait 1 s for an answer", row: "http/waiting", bound: ["at most", 1.1] },
  { what: "opening one of 5,000 streams", row: "http/streams", bound: ["all finish", Number.POSITIVE_INFINITY] },
  { what: "the first answer of a server", row: "http/first", bound: ["at most", 100] },
  { what: "a stalled writer of 1 GiB", row: "memory/stalled", bound: ["at most", 2] },
  {
    what: "10,000 waiting instances; the memory of each",
    row: "memory/instances-10000",
    bound: ["all finish", Number.POSITIVE_INFINITY],
  },
  { what: "one of 10,000 waiting instances", row: "memory/instances-10000", to: ["-", CORE], bound: ["at most", 30] },
  ...[
    ["check-write", "`check-write`"],
    ["read-64", "`read` of 64 bytes"],
    ["poll-1", "`poll` of 1, ready"],
    ["subscribe-and-drop", "`subscribe` and drop"],
    ["blocking-write-and-flush-4096", "`blocking-write-and-flush` of 4096 bytes"],
  ].map(([id = "", what = ""]): Target => ({
    ...{ what: `${what} in Chromium`, row: `browser/${id}`, to: ["/", IN_NODE], bound: ["at most", 1.3] },
  })),
  {
    what: "64 MiB through streams of a page",
    row: "browser/streams",
    to: ["/", TRANSFORM],
    bound: ["at least", 0.5],
  },
  { what: "hello in a page, from a click", row: "browser/hello", bound: ["at most", 50] },
  {
    what: "hello in a page, from a click, compiled when it loaded",
    row: "browser/hello-compiled",
    bound: ["at most", 50],
  },
  ...[16, 64, 256].map((kib): Target => ({
    what: `\`natsSink\`, messages of ${kib} KiB`,
    row: `nats/sink-${kib}k`,
    to: ["/", RAW],
    bound: ["at least", 0.9],
  })),
  { what: "`natsSource`, a guest, `natsSink`", row: "nats/filter", to: ["/", RAW], bound: ["at least", 0.8] },
  { what: "a flush into a stream", row: "nats/flush", to: ["-", RAW], bound: ["at most", 0.2] },
  { what: "`work`, jobs of 1 KiB", row: "nats/jobs", to: ["/", ALONE], bound: ["at least", 0.9] },
  { what: "the bundle of a page, built ahead", row: "page/bundle-ahead", bound: ["at most", 45] },
];

/** Of each target whose row is among `rows`. */
export function verdicts(rows: Rows): Verdict[] {
  return TARGETS.flatMap((target) => {
    const row = rows.get(target.row);
    return row ? [verdict(target, row)] : [];
  });
}

function verdict({ what, to, bound: [direction, bound] }: Target, row: Row): Verdict {
  const [how, peer] = to ?? [];
  const unit = how === "/" ? "" : ` ${row.unit}`;
  const beside = how === "/" ? ` of ${String(peer)}` : how === "-" ? ` over ${String(peer)}` : "";
  const wanted = Number.isFinite(bound) ? `${direction} ${bound}${unit}${beside}` : direction;
  const ours = row.results.get(OURS);
  if (!ours) return { what, wanted, got: "nothing", met: false };
  if ("missing" in ours) return { what, wanted, got: ours.missing, met: ours.failed ? false : undefined };
  const theirs = peer === undefined ? undefined : medianOf(row, peer);
  if (peer !== undefined && theirs === undefined) return { what, wanted, got: `${peer} is missing`, met: undefined };
  const got = theirs === undefined ? ours.median : how === "/" ? ours.median / theirs : ours.median - theirs;
  return { what, wanted, got: `${figure(got)}${unit}`, met: direction === "at least" ? got >= bound : got <= bound };
}
