/** Browsers of the machine, as puppeteer-core drives them. */
import { existsSync } from "node:fs";

/** Drives both, and is loaded where there is one. */
const DRIVER = "puppeteer-core";

/** For a browser to start, to load a page, to answer: what hangs ends; a machine that is busy takes long. */
export const HUNG_MS = 300_000;

/** As much of it as is used here. */
interface Driver {
  launch(options: {
    readonly browser: "chrome" | "firefox";
    readonly executablePath: string;
    readonly args: readonly string[];
    readonly timeout: number;
    readonly protocolTimeout: number;
    readonly networkEnabled: boolean;
  }): Promise<{ newPage(): Promise<Page & { setDefaultTimeout(ms: number): void }>; close(): Promise<void> }>;
}

/** A headless browser with a profile of its own, which is removed when it is closed. */
export interface Browser {
  newPage(): Promise<Page>;
  close(): Promise<void>;
}

export interface Page {
  goto(url: string): Promise<unknown>;
  /** The value of an expression, or of the promise that it gives, as JSON has it. */
  evaluate(expression: string): Promise<unknown>;
  /** Resolves when an expression is true. @param options.polling Milliseconds after which it is asked again, not each frame. */
  waitForFunction(expression: string, options?: { readonly polling: number }): Promise<unknown>;
  close(): Promise<void>;
}

/** A browser that may be there. */
export interface BrowserKind {
  readonly name: "Chromium" | "Firefox";
  /** Why it cannot be had here, or false. One that is named by the environment has to be there. */
  readonly missing: string | false;
  readonly launch: () => Promise<Browser>;
}

function kind(name: BrowserKind["name"], variable: string, path: string): BrowserKind {
  const named = process.env[variable];
  const executablePath = named ?? path;
  return {
    name,
    missing: named === undefined && !existsSync(path) && `no ${name}: neither ${path} nor in $${variable}`,
    async launch() {
      const { launch } = (await import(DRIVER)) as Driver;
      const browser = await launch({
        browser: name === "Chromium" ? "chrome" : "firefox",
        executablePath,
        // Root has no sandbox, and containers have little shared memory.
        args: name === "Chromium" ? ["--no-sandbox", "--disable-dev-shm-usage"] : [],
        timeout: HUNG_MS,
        protocolTimeout: HUNG_MS,
        // Nobody asks what a page fetches, which takes a browser long to tell.
        networkEnabled: false,
      });
      return {
        async newPage() {
          const page = await browser.newPage();
          page.setDefaultTimeout(HUNG_MS);
          return page;
        },
        close: () => browser.close(),
      };
    },
  };
}

/** Where Debian has them, if nobody says otherwise. */
export const chromium: BrowserKind = kind("Chromium", "SLUICE_TEST_CHROMIUM", "/usr/bin/chromium");
export const firefox: BrowserKind = kind("Firefox", "SLUICE_TEST_FIREFOX", "/usr/bin/firefox-esr");
