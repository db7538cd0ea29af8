/** The same guests in a page of a browser that was just loaded, and in Node. */
import { join } from "node:path";
import { chromium, firefox, type Browser, type BrowserKind } from "../../test/everywhere/browser.ts";
import { servePages, type PageServer } from "../../test/everywhere/page-server.ts";
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

/**
 * Pages of programs/page.ts for the samples of a row: of one browser of each kind, or, where what a browser keeps would count,
 * each of a browser of its own.
 */
class Pages {
  readonly #isBrowserNew: boolean;
  readonly #browsers = new Map<string, Promise<Browser>>();
  #server: Promise<PageServer> | undefined;

  constructor({ isBrowserNew }: { readonly isBrowserNew: boolean }) {
    this.#isBrowserNew = isBrowserNew;
  }

  /** What an expression gives in a page that was just loaded. */
  async evaluate(kind: BrowserKind, expression: string): Promise<unknown> {
    this.#server ??= servePages([join(ROOT, "bench", "programs", "page.ts")], {
      banner: "//# allFunctionsCalledOnLoad",
      isMinified: true,
    });
    const { origin } = await this.#server;
    const started = await this.#browserOf(kind);
    const page = await started.newPage();
    try {
      await page.goto(`${origin}/page.html`);
      await page.waitForFunction("globalThis.bench");
      return await page.evaluate(expression);
    } finally {
      await (this.#isBrowserNew ? started : page).close();
    }
  }

  /** Ends what is left. */
  async end(): Promise<void> {
    await Promise.all([...this.#browsers.values()].map(async (started) => (await started).close()));
    (await this.#server)?.close();
  }

  #browserOf({ name, launch }: BrowserKind): Promise<Browser> {
    if (this.#isBrowserNew) return launch();
    const started = this.#browsers.get(name) ?? launch();
    this.#browsers.set(name, started);
    return started;
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
  // Of all rows but those of who comes for the first time: a browser takes seconds to start.
  const pages = new Pages({ isBrowserNew: false });
  const calls = CALLS.map(([id, what]): Case => {
    const inNode: Measurement = async () =>
      numberIn((await runCommand(program("calls", "discard", id, COUNT, MS))).stdout, id);
    const inBrowser = (kind: BrowserKind): Measurement => {
      return async () => numberIn(String(await pages.evaluate(kind, `bench.calls("${id}", ${COUNT}, ${MS})`)), id);
    };
    return {
      ...{ id, what, unit: "ns", better: "less", rounds: ROUNDS },
      // Firefox takes seconds to start: one call has to do for it.
      contestants: { ...byBrowser(inBrowser, id === "check-write"), [IN_NODE]: inNode },
    };
  });
  const throughStreams = (through: "guest" | "transform"): ((kind: BrowserKind) => Measurement) => {
    return (kind) => async () =>
      rate(TOTAL, Number(await pages.evaluate(kind, `bench.streams("${through}", ${TOTAL})`)) * 1e6);
  };
  const starts = (when: string): Pick<Case, "contestants" | "end"> => {
    const first = new Pages({ isBrowserNew: true });
    return {
      contestants: byBrowser((kind) => async () => Number(await first.evaluate(kind, `bench.hello("${when}")`))),
      end: () => first.end(),
    };
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
      // The last of them.
      end: () => pages.end(),
    },
    {
      ...{ id: "hello", what: "hello: from a click to its output, the first time, with what is fetched for it" },
      ...{ unit: "ms", better: "less", rounds: ROUNDS },
      ...starts("at the click"),
    },
    {
      ...{ id: "hello-compiled", what: "the same of one that the page has compiled when it loaded" },
      ...{ unit: "ms", better: "less", rounds: ROUNDS },
      ...starts("before"),
    },
  ];
}
