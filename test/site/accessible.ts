/** Whether everybody can use a page: what a machine can tell of it. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import type { Visitor } from "./visitor.ts";

export const AXE: string = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

/** Nothing that axe finds, and nothing that is cut off, on screens so wide, light and dark. */
export async function assertAccessible(visitor: Visitor, widths: readonly number[]): Promise<void> {
  // Past the page's policy.
  await visitor.evaluate(await readFile(AXE, "utf8"));
  for (const width of widths) {
    await visitor.resize(width, 800);
    const isTooWide = await visitor.evaluate("document.documentElement.scrollWidth > innerWidth");
    assert.equal(isTooWide, false, `nothing is wider than ${width} pixels`);
    for (const theme of ["light", "dark"]) {
      await visitor.evaluate(`document.documentElement.dataset.theme = "${theme}"`);
      assert.deepEqual(await visitor.evaluate(BROKEN), [], `${theme}, ${width} pixels wide`);
    }
  }
}

/** What axe finds. */
const BROKEN = `axe
  .run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] })
  .then(({ violations }) => violations.flatMap(({ id, nodes }) => nodes.map(({ target }) => id + ": " + target.join(" "))))`;

/**
 * Gives a page `stops()`, what Tab should reach, in the order of the document: all that can have the focus and can be seen, and of
 * radio buttons the one that is chosen; and `stop()`, what has the focus, or what is wrong with how that is seen.
 */
export const STOPS = `{
  const nameOf = (element) => {
    const text = element.getAttribute("aria-label") ?? element.textContent;
    return [element.tagName, element.id, element.className, text.trim().slice(0, 40)].join(" ");
  };
  globalThis.stops = () =>
    [...document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex]")]
      .filter((element) => element.tabIndex >= 0 && !element.disabled && element.checkVisibility())
      .filter((element) => element.type !== "radio" || element.checked)
      .map(nameOf);
  globalThis.stop = () => {
    const element = document.activeElement;
    // A field that is not seen itself is seen by its label.
    const seen = element.closest("label.button") ?? element;
    const { outlineStyle, outlineWidth } = getComputedStyle(seen);
    if (outlineStyle === "none" || outlineWidth === "0px") return "no outline: " + nameOf(element);
    const { top, bottom, left, right, width } = seen.getBoundingClientRect();
    if (width === 0 || bottom <= 0 || top >= innerHeight || right <= 0 || left >= innerWidth) return "not in sight: " + nameOf(element);
    return nameOf(element);
  };
}`;
