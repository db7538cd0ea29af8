/** Somebody who uses a page as people do: by what things are called, with keys, and with a pointer. */
import type { Browser, Page } from "../everywhere/browser.ts";

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** As much of an element as is used here. */
interface Handle {
  click(): Promise<void>;
  focus(): Promise<void>;
  type(text: string): Promise<void>;
  uploadFile(path: string): Promise<void>;
  boundingBox(): Promise<Box | null>;
}

/** What puppeteer-core's pages have beyond what other tests use. */
interface WholePage extends Page {
  readonly keyboard: {
    press(key: string): Promise<void>;
    type(text: string): Promise<void>;
    down(key: string): Promise<void>;
    up(key: string): Promise<void>;
  };
  readonly mouse: {
    move(x: number, y: number, options?: { readonly steps: number }): Promise<void>;
    down(): Promise<void>;
    up(): Promise<void>;
  };
  createCDPSession(): Promise<{
    send(method: string, parameters: unknown): Promise<unknown>;
    detach(): Promise<void>;
  }>;
  setViewport(size: { readonly width: number; readonly height: number }): Promise<void>;
  emulateMediaFeatures(features: readonly { readonly name: string; readonly value: string }[]): Promise<void>;
  evaluateOnNewDocument(script: string): Promise<unknown>;
  waitForSelector(selector: string): Promise<Handle | null>;
  on(event: "console", hear: (message: { type(): string; text(): string }) => void): void;
  on(event: "pageerror", hear: (error: unknown) => void): void;
}

/** What a system says that its user prefers. */
export interface Preferences {
  readonly colours?: "light" | "dark";
  readonly motion?: "reduce" | "no-preference";
}

/**
 * Gives a page `rest(isResting)`: while it rests it hears nothing of its workers, and is told all of it when it goes on. What
 * guests do is drawn sixty times a second, which whoever looks at the page for seconds would have the machine do meanwhile.
 */
const RESTS = `{
  const { Worker } = globalThis;
  const held = [];
  let isResting = false;
  globalThis.Worker = class extends Worker {
    constructor(...given) {
      super(...given);
      this.addEventListener("message", (event) => {
        if (!isResting) return;
        event.stopImmediatePropagation();
        held.push([this, event.data]);
      });
    }
  };
  globalThis.rest = (is) => {
    isResting = is;
    if (!is) for (const [worker, data] of held.splice(0)) worker.dispatchEvent(new MessageEvent("message", { data }));
  };
}`;

/** To ask with each frame is to have the browser make them, and to have it lay out the page for each. */
const ASKED_AGAIN = { polling: 50 };

/** More than a page takes to scroll to what has the focus, while it lays out something else. */
const PICTURES = 30;

export class Visitor {
  /** What the page complained of. */
  readonly problems: string[] = [];
  readonly #page: WholePage;
  #isTold = false;

  private constructor(page: WholePage) {
    this.#page = page;
    page.on("pageerror", (error) => this.problems.push(String(error)));
    page.on("console", (message) => message.type() === "error" && this.problems.push(message.text()));
  }

  static async open(browser: Browser, url: string, preferences: Preferences = {}): Promise<Visitor> {
    // It is one.
    const page = (await browser.newPage()) as WholePage;
    const visitor = new Visitor(page);
    await page.evaluateOnNewDocument(RESTS);
    await page.setViewport({ width: 1280, height: 1000 });
    await visitor.prefer(preferences);
    await page.goto(url);
    return visitor;
  }

  /** What the system says from now on. */
  async prefer({ colours, motion }: Preferences): Promise<void> {
    const wanted = [
      ...(colours === undefined ? [] : [{ name: "prefers-color-scheme", value: colours }]),
      ...(motion === undefined ? [] : [{ name: "prefers-reduced-motion", value: motion }]),
    ];
    // Not every browser can be told.
    if (wanted.length === 0 && !this.#isTold) return;
    this.#isTold = true;
    await this.#page.emulateMediaFeatures(wanted);
  }

  /** Goes to another page. */
  async go(url: string): Promise<void> {
    await this.#page.goto(url);
  }

  close(): Promise<void> {
    return this.#page.close();
  }

  /** Presses the button of this name. */
  async press(name: string): Promise<void> {
    await (await this.#named(name, "button")).click();
  }

  async focus(name: string): Promise<void> {
    await (await this.#named(name, "button")).focus();
  }

  /** @param keys The last one, and what is held down meanwhile. */
  async keys(...keys: readonly string[]): Promise<void> {
    const { keyboard } = this.#page;
    const held = keys.slice(0, -1);
    for (const key of held) await keyboard.down(key);
    await keyboard.press(keys.at(-1) ?? "");
    for (const key of held) await keyboard.up(key);
  }

  /** Goes on by Tab, as often as it takes, to what is called so, and can be seen to have the focus. See `STOPS`. */
  async tabTo(name: string): Promise<void> {
    const passed: unknown[] = [];
    for (let tabs = 0; tabs < 200; tabs++) {
      // oxlint-disable-next-line no-await-in-loop -- a walk
      await this.keys("Tab");
      // oxlint-disable-next-line no-await-in-loop -- as above
      let stop = String(await this.evaluate("stop()"));
      // What is scrolled into sight is there with one of the next pictures.
      for (let pictures = 0; stop.startsWith("not in sight") && pictures < PICTURES; pictures++) {
        // oxlint-disable-next-line no-await-in-loop -- as above
        stop = String(await this.#afterPictures("stop()"));
      }
      // Behind the last one is the browser's own, and then the first.
      if (stop.startsWith("no outline: BODY")) continue;
      if (stop.startsWith("no outline") || stop.startsWith("not in sight")) throw new Error(stop);
      if (stop.endsWith(` ${name}`)) return;
      passed.push(stop);
    }
    throw new Error(`No Tab leads to ${name}, but to ${passed.join("; ")}`);
  }

  /** Drags from the middle of one element into another. */
  async drag(from: string, to: string): Promise<void> {
    const { mouse } = this.#page;
    const [start, end] = [await this.#place(from), await this.#place(to)];
    await mouse.move(start.x + 8, start.y + 8);
    await mouse.down();
    await mouse.move(end.x + 20, end.y + 20, { steps: 4 });
    await mouse.up();
  }

  /** Drags within an element, between points that are shares of its width and height. */
  async dragWithin(selector: string, from: readonly [number, number], to: readonly [number, number]): Promise<void> {
    const { mouse } = this.#page;
    const { x, y, width, height } = await this.#place(selector);
    await mouse.move(x + from[0] * width, y + from[1] * height);
    await mouse.down();
    await mouse.move(x + to[0] * width, y + to[1] * height, { steps: 4 });
    await mouse.up();
  }

  /** To whatever has the focus. */
  async write(text: string): Promise<void> {
    await this.#page.keyboard.type(text);
  }

  /** Drags files over an element, as a file manager does; to be dropped there if `isDropped`. Chromium alone can be told to. */
  async dragFiles(selector: string, files: readonly string[], isDropped: boolean): Promise<void> {
    // Nobody drags to what is not to be seen.
    await this.#page.evaluate(
      `document.querySelector(${JSON.stringify(selector)}).scrollIntoView({ block: "nearest" })`,
    );
    const { x, y, width } = await this.#place(selector);
    const session = await this.#page.createCDPSession();
    const data = { items: [], files, dragOperationsMask: 1 };
    for (const type of ["dragEnter", "dragOver", ...(isDropped ? ["drop"] : [])]) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other, as they happen
      await session.send("Input.dispatchDragEvent", { type, x: x + width / 2, y: y + 20, data });
    }
    await session.detach();
  }

  async type(selector: string, text: string): Promise<void> {
    await (await this.#element(selector)).type(text);
  }

  async upload(selector: string, path: string): Promise<void> {
    await (await this.#element(selector)).uploadFile(path);
  }

  /** Moves a slider. */
  slide(name: string, position: number): Promise<void> {
    return this.fill(`input[aria-label="${name}"]`, String(position));
  }

  /** Puts a value into a field, in the place of what is there, as its own events tell the page. */
  async fill(selector: string, value: string): Promise<void> {
    await this.#page.evaluate(`{
      const field = document.querySelector(${JSON.stringify(selector)});
      field.value = ${JSON.stringify(value)};
      field.dispatchEvent(new Event("input", { bubbles: true }));
    }`);
  }

  /** Chooses an option of a menu, by its value. */
  async choose(selector: string, value: string): Promise<void> {
    await this.#page.evaluate(`{
      const menu = document.querySelector(${JSON.stringify(selector)});
      menu.value = ${JSON.stringify(value)};
      menu.dispatchEvent(new Event("change"));
    }`);
  }

  /** Resolves when there is such an element that has these words. */
  async sees(selector: string, words = ""): Promise<void> {
    await this.#page.waitForFunction(
      `[...document.querySelectorAll(${JSON.stringify(selector)})].some((element) => element.checkVisibility() && element.innerText.replaceAll("\\u00a0", " ").includes(${JSON.stringify(words)}))`,
      ASKED_AGAIN,
    );
  }

  async count(selector: string): Promise<unknown> {
    return this.#page.evaluate(`document.querySelectorAll(${JSON.stringify(selector)}).length`);
  }

  async text(selector: string): Promise<string> {
    return String(await this.#page.evaluate(`document.querySelector(${JSON.stringify(selector)}).textContent`));
  }

  /** Resolves when the page says that it is so: by an attribute of its root. */
  async until(attribute: string): Promise<void> {
    await this.holds(`document.documentElement.matches(${JSON.stringify(`[${attribute}]`)})`);
  }

  /** Resolves when an expression is true in the page. */
  async holds(expression: string): Promise<void> {
    await this.#page.waitForFunction(expression, ASKED_AGAIN);
  }

  /** The page shows what it shows, whatever its guests do, until the promise of `look` is settled. */
  async atRest(look: () => Promise<void>): Promise<void> {
    await this.#page.evaluate("rest(true)");
    await look();
    await this.#page.evaluate("rest(false)");
  }

  /** On a screen of this size. */
  async resize(width: number, height: number): Promise<void> {
    await this.#page.setViewport({ width, height });
    // What is laid out by script is so with the next picture.
    await this.#afterPictures("true");
  }

  evaluate(expression: string): Promise<unknown> {
    return this.#page.evaluate(expression);
  }

  #afterPictures(expression: string): Promise<unknown> {
    return this.#page.evaluate(
      `new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(${expression}))))`,
    );
  }

  #named(name: string, role: string): Promise<Handle> {
    return this.#element(`::-p-aria([name="${name}"][role="${role}"])`);
  }

  async #element(selector: string): Promise<Handle> {
    const element = await this.#page.waitForSelector(selector);
    if (!element) throw new Error(`The page has no ${selector}`);
    return element;
  }

  async #place(selector: string): Promise<Box> {
    const box = await (await this.#element(selector)).boundingBox();
    if (!box) throw new Error(`${selector} is nowhere`);
    return box;
  }
}
