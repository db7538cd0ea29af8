/** Whether everybody can use a page: what a machine can tell of it. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import type { Visitor } from "./visitor.ts";

export const AXE: string = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

/** Rules that look at colours: what else axe finds is the same, light or dark. */
const COLOURS = ["color-contrast", "link-in-text-block"];
const AA = `"wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"`;
/** No rule here looks into style sheets, and nobody asks for selectors of what passes. */
const VIOLATIONS = `resultTypes: ["violations"], preload: false`;
const COLOURS_ONLY = `{ runOnly: { type: "rule", values: ${JSON.stringify(COLOURS)} }, ${VIOLATIONS} }`;
/** What WCAG does not ask for, and who hears a page does: names that tell tables and landmarks apart. */
const MORE = ["landmark-unique", "empty-table-header"];
const switched = (rules: readonly string[], enabled: boolean): string[] =>
  rules.map((rule) => `"${rule}": { enabled: ${enabled} }`);
const RULES = `rules: { ${[...switched(COLOURS, false), ...switched(MORE, true)].join()} }`;
const NO_COLOURS = `{ runOnly: [${AA}], ${RULES}, ${VIOLATIONS} }`;

/**
 * Nothing that axe finds, and nothing that is cut off, on screens so wide, light and dark. What looks like something before is not
 * looked at again for its colours, which is what takes axe longest.
 *
 * @param seen How what was looked at before looks, to which it adds.
 */
export async function assertAccessible(
  visitor: Visitor,
  widths: readonly number[],
  seen: Set<string> = new Set(),
): Promise<void> {
  // Past the page's policy; once, since its first run in a page takes six times what others do.
  if (!(await visitor.evaluate("'axe' in globalThis"))) await visitor.evaluate(await readFile(AXE, "utf8"));
  await visitor.atRest(async () => {
    for (const width of widths) {
      await fits(visitor, width);
      await dress(visitor, "light");
      await finds(visitor, `document, ${NO_COLOURS}`);
      await findsInColours(visitor, seen);
      await dress(visitor, "dark");
      await findsInColours(visitor, seen);
    }
  });
}

/** In the theme that it has, one of all elements with text that have the same names, classes and style, with all that they are in. */
async function findsInColours(visitor: Visitor, seen: Set<string>): Promise<void> {
  const looks: unknown = await visitor.evaluate(`{
    const looks = new Map([[null, ""]]);
    const lookOf = (element) => {
      const known = looks.get(element);
      if (known !== undefined) return known;
      const { color, backgroundColor, backgroundImage, opacity, fontSize, fontWeight } = getComputedStyle(element);
      const own = [element.localName, element.getAttribute("class"), color, backgroundColor, backgroundImage, opacity, fontSize, fontWeight];
      const look = lookOf(element.parentElement) + "/" + own.join(" ");
      looks.set(element, look);
      return look;
    };
    const hasText = (element) => element.checkVisibility() && [...element.childNodes].some(({ data }) => data?.trim());
    const byLook = Map.groupBy([...document.body.querySelectorAll("*")].filter(hasText), lookOf);
    const seen = new Set(${JSON.stringify([...seen])});
    globalThis.others = [...byLook].filter(([look]) => !seen.has(look)).map(([, [first]]) => first);
    [...byLook.keys()];
  }`);
  assert.ok(Array.isArray(looks) && looks.length > 0);
  for (const look of looks) seen.add(String(look));
  if ((await visitor.evaluate("others.length")) === 0) return;
  await finds(visitor, `{ include: others }, ${COLOURS_ONLY}`);
}

async function fits(visitor: Visitor, width: number): Promise<void> {
  await visitor.resize(width, 800);
  const isTooWide = await visitor.evaluate("document.documentElement.scrollWidth > innerWidth");
  assert.equal(isTooWide, false, `nothing is wider than ${width} pixels`);
}

async function dress(visitor: Visitor, theme: "light" | "dark"): Promise<void> {
  await visitor.evaluate(`document.documentElement.dataset.theme = "${theme}"`);
}

/** That axe finds nothing. */
async function finds(visitor: Visitor, run: string): Promise<void> {
  const broken = await visitor.evaluate(`axe.run(${run}).then(({ violations }) =>
    violations.flatMap(({ id, nodes }) => nodes.map(({ target }) => id + ": " + target.join(" "))))`);
  assert.deepEqual(broken, [], String(await visitor.evaluate("document.documentElement.dataset.theme")));
}

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
