/** The same guests in a page of a browser, and in Node. Each sample has a browser of its own, and a page just loaded. */
import { join } from "node:path";
import { chromium, firefox, type BrowserKind } from "../../test/everywhere/browser.ts";
import { servePages } from "../../test/everywhere/page-server.ts";
import { OURS, type Case, type Measurement } from "../case.ts";
import { program } from "../contestants.ts";
import { MIB, rate } from "../flow.ts";
import { numberIn, ROOT, runCommand } from "../processes.ts";

const ROUNDS = 3;
/** As in the group `calls`. */
const COUNT = 1000;
const MS = 60;
const TOTAL = 64 * MIB;

/** What the same guest takes in Node. */
export const IN_NODE = "Sluice in Node";
/** Sluice's place is a page of Chromium; this is one of Firefox. */
const IN_FIREFOX = "Sluice in Firefox";
/** What a page can do without a guest. */
export const TRANSFORM = "TransformStream";

const CALLS: readonly [id: string, what: string][] = [
  ["check-write", "`check-write`"],
  ["read-64", "`read` of 64 bytes"],
  ["poll-1", "`poll` of 1, ready"],
  ["subscribe-and-drop", "`subscribe` and drop"],
  ["blocking-write-and-flush-4096", "`blocking-write-and-flush` of 4096 bytes to nobody"],
];

/** What an expression gives in a page of programs/page.ts. */
function inPage({ missing, launch }: BrowserKind, expression: string): Promise<unknown> {
  if (missing !== false) throw new Error(missing);
  return measured(launch, expression);
}

async function measured(launch: BrowserKind["launch"], expression: string): Promise<unknown> {
  const server = await servePages([join(ROOT, "bench", "programs", "page.ts")]);
  const launched = await launch();
  try {
    const page = await launched.newPage();
    await page.goto(`${server.origin}/page.html`);
    await page.waitForFunction("globalThis.bench");
    return await page.evaluate(expression);
  } finally {
    await launched.close();
    server.close();
  }
}

/** By each browser that is there. */
function byBrowser(
  measurement: (kind: BrowserKind) => Measurement,
  alsoFirefox = true,
): Record<string, Measurement | string> {
  const of = (kind: BrowserKind): Measurement | string => (kind.missing === false ? measurement(kind) : kind.missing);
  return { [OURS]: of(chromium), ...(alsoFirefox && { [IN_FIREFOX]: of(firefox) }) };
}

export function browser(): readonly Case[] {
  const calls = CALLS.map(([id, what]): Case => {
    const inNode: Measurement = async () =>
      numberIn((await runCommand(program("calls", "discard", id, COUNT, MS))).stdout, id);
    const inBrowser = (kind: BrowserKind): Measurement => {
      return async () => numberIn(String(await inPage(kind, `bench.calls("${id}", ${COUNT}, ${MS})`)), id);
    };
    return {
      ...{ id, what, unit: "ns", better: "less", rounds: ROUNDS },
      // Firefox takes seconds to start: one call has to do for it.
      contestants: { ...byBrowser(inBrowser, id === "check-write"), [IN_NODE]: inNode },
    };
  });
  const throughStreams = (through: "guest" | "transform"): ((kind: BrowserKind) => Measurement) => {
    return (kind) => async () => rate(TOTAL, Number(await inPage(kind, `bench.streams("${through}", ${TOTAL})`)) * 1e6);
  };
  const hello = (when: string): ((kind: BrowserKind) => Measurement) => {
    return (kind) => async () => Number(await inPage(kind, `bench.hello("${when}")`));
  };
  return [
    ...calls,
    {
      ...{ id: "streams", what: "64 MiB from a Web stream through a guest into another" },
      ...{ unit: "MiB/s", better: "more", rounds: ROUNDS },
      contestants: {
        ...byBrowser(throughStreams("guest")),
        [TRANSFORM]: chromium.missing === false ? throughStreams("transform")(chromium) : chromium.missing,
      },
    },
    {
      ...{ id: "hello", what: "hello: from a click to its output, the first time, with what is fetched for it" },
      ...{ unit: "ms", better: "less", rounds: ROUNDS },
      contestants: byBrowser(hello("at the click")),
    },
    {
      ...{ id: "hello-compiled", what: "the same of one that the page has compiled when it loaded" },
      ...{ unit: "ms", better: "less", rounds: ROUNDS },
      contestants: byBrowser(hello("before")),
    },
  ];
}
