/** Events that a guest sends to a browser, as they come, straight and through nginx. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { BrowserKind } from "../everywhere/browser.ts";
import { proxied, served, WITHOUT_NGINX } from "./events.ts";

export function eventsIn({ name, missing, launch }: BrowserKind): void {
  for (const way of ["straight", "through nginx"]) {
    const skip = missing || (way === "through nginx" && WITHOUT_NGINX);
    test(`${name}, ${way}: events come one by one`, { skip }, async (t) => {
      const events = await served(t);
      const port = way === "straight" ? events.port : await proxied(t, events.port, "proxy_buffering off;");
      const browser = await launch();
      t.after(() => browser.close());
      const page = await browser.newPage();
      await page.goto(`http://127.0.0.1:${port}/`);
      await page.evaluate(
        `(globalThis.came = [], globalThis.events = new EventSource("/forward/events"),
          events.onmessage = ({ data }) => came.push(data), undefined)`,
      );
      for (const [at, text] of ["one", "two", "three"].entries()) {
        events.send(text);
        // The next one is not there before this has come.
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        await page.waitForFunction(`came.length === ${at + 1}`);
      }
      assert.deepEqual(await page.evaluate("came"), ["one", "two", "three"]);
      await page.evaluate("events.close()");
      events.end();
    });
  }
}
