/**
 * All that is tried in a browser, which is started once for it: that takes as long as most of what is tried. Those that are not
 * there are skipped, with words.
 */
import { after } from "node:test";
import { eventsIn } from "../guests/events-in-browser.ts";
import { strictPageIn } from "../package/page-in-browser.ts";
import type { Browser, BrowserKind } from "./browser.ts";
import { pagesIn } from "./pages-in-browser.ts";
import { parkedIn } from "./parked-in-browser.ts";
import { serviceWorkerIn } from "./service-worker-in-browser.ts";
import { terminalIn } from "./terminal-in-browser.ts";

export function inBrowser(kind: BrowserKind, ...others: readonly ((kind: BrowserKind) => void)[]): void {
  let started: Promise<Browser> | undefined;
  const launch = async (): Promise<Browser> => ofPages(await (started ??= kind.launch()));
  after(async () => (await started)?.close());
  // What has guests block comes last: see there.
  for (const tries of [pagesIn, serviceWorkerIn, terminalIn, eventsIn, strictPageIn, ...others, parkedIn]) {
    tries({ ...kind, launch });
  }
}

/** Some pages of a browser, which end alone. */
function ofPages(browser: Browser): Browser {
  const pages: Awaited<ReturnType<Browser["newPage"]>>[] = [];
  return {
    async newPage() {
      const page = await browser.newPage();
      pages.push(page);
      return page;
    },
    async close() {
      await Promise.all(pages.map((page) => page.close()));
    },
  };
}
