/** Whether everybody can use a page: what a machine can tell of it. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import type { Visitor } from "./visitor.ts";

export const AXE: string = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

/** Rules that look at colours: what else axe finds is the same, light or dark. */
const COLOURS = ["color-contrast", "link-in-text-block"];
const AA = `"wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"`;
const ALL = `{ runOnly: [${AA}], resultTypes: ["violations"] }`;
const COLOURS_ONLY = `{ runOnly: { type: "rule", values: ${JSON.stringify(COLOURS)} } }`;
const NO_COLOURS = `{ runOnly: [${AA}], rules: { ${COLOURS.map((rule) => `"${rule}": { enabled: false }`).join()} } }`;

/** Nothing that axe finds, and nothing that is cut off, on screens so wide, light and dark. */
export async function assertAccessible(visitor: Visitor, widths: readonly number[]): Promise<void> {
  await prepare(visitor);
  for (const width of widths) {
    await fits(visitor, width);
    await finds(visitor, "light", `document, ${ALL}`);
    await finds(visitor, "dark", `document, ${COLOURS_ONLY}`);
  }
}

/**
 * The same of a document, on a phone, whose colours are those of its kinds of elements: what has the names and classes, with
 * all that it is in, of something in a document before is not looked at again. That is what takes axe longest.
 *
 * @param seen Kinds of documents before, to which it adds.
 */
export async function assertReadable(visitor: Visitor, seen: Set<string>): Promise<void> {
  await prepare(visitor);
  await fits(visitor, 360);
  await finds(visitor, "light", `document, ${NO_COLOURS}`);
  const kinds: unknown = await visitor.evaluate(`{
    const kindOf = (element) => element && kindOf(element.parentElement) + " " + element.localName + "." + element.className;
    const hasText = ({ childNodes }) => [...childNodes].some(({ data }) => data?.trim());
    const byKind = Map.groupBy([...document.body.querySelectorAll("*")].filter(hasText), kindOf);
    const seen = new Set(${JSON.stringify([...seen])});
    globalThis.others = [...byKind].filter(([kind]) => !seen.has(kind)).map(([, [first]]) => first);
    [...byKind.keys()];
  }`);
  assert.ok(Array.isArray(kinds) && kinds.length > 0);
  for (const kind of kinds) seen.add(String(kind));
  if ((await visitor.evaluate("others.length")) === 0) return;
  for (const theme of ["light", "dark"] as const) await finds(visitor, theme, `{ include: others }, ${COLOURS_ONLY}`);
}

/** Past the page's policy. */
async function prepare(visitor: Visitor): Promise<void> {
  await visitor.evaluate(await readFile(AXE, "utf8"));
}

async function fits(visitor: Visitor, width: number): Promise<void> {
  await visitor.resize(width, 800);
  const isTooWide = await visitor.evaluate("document.documentElement.scrollWidth > innerWidth");
  assert.equal(isTooWide, false, `nothing is wider than ${width} pixels`);
}

/** That axe finds nothing. */
async function finds(visitor: Visitor, theme: "light" | "dark", run: string): Promise<void> {
  await visitor.evaluate(`document.documentElement.dataset.theme = "${theme}"`);
  const broken = await visitor.evaluate(`axe.run(${run}).then(({ violations }) =>
    violations.flatMap(({ id, nodes }) => nodes.map(({ target }) => id + ": " + target.join(" "))))`);
  assert.deepEqual(broken, [], theme);
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
