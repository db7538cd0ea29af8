/** What of the documents has the words that somebody searches for. */

/** A section of a document, as site/docs.js writes it. */
export interface Section {
  /** Its address, beside the other documents. */
  readonly at: string;
  readonly document: string;
  readonly heading: string;
  readonly text: string;
}

/** Characters around what was found. */
const AROUND = 60;

export function wordsIn(query: string): readonly string[] {
  return query.toLowerCase().split(/\s+/).filter(Boolean);
}

/** Those that have all words: first those that have them in their headings, then those that have them often. */
export function searched(sections: readonly Section[], words: readonly string[]): readonly Section[] {
  return sections
    .map((section) => ({ section, score: scoreOf(section, words) }))
    .filter(({ score }) => score > 0)
    .toSorted((a, b) => b.score - a.score)
    .map(({ section }) => section);
}

/** 0 if a word is missing. */
function scoreOf({ document, heading, text }: Section, words: readonly string[]): number {
  const places = [heading, document, text].map((place) => place.toLowerCase());
  const scores = words.map((word) => {
    const [inHeading = 0, inDocument = 0, inText = 0] = places.map((place) => place.split(word).length - 1);
    return Math.min(inHeading, 1) * 100 + Math.min(inDocument, 1) * 20 + Math.min(inText, 15);
  });
  return scores.includes(0) ? 0 : scores.reduce((sum, score) => sum + score, 0);
}

/** The text around the first word that is in it, in pieces; every other one is a word that was found. */
export function excerptOf(text: string, words: readonly string[]): readonly string[] {
  const lower = text.toLowerCase();
  const [first = 0] = words
    .map((word) => lower.indexOf(word))
    .filter((at) => at >= 0)
    .toSorted((a, b) => a - b);
  // From the beginning of a word on.
  const from = first > AROUND ? text.indexOf(" ", first - AROUND) + 1 : 0;
  const to = from + 3 * AROUND;
  const pattern = new RegExp(`(${words.map((word) => word.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|")})`, "i");
  const shown = `${from > 0 ? "…" : ""}${text.slice(from, to)}${to < text.length ? "…" : ""}`;
  return shown.split(pattern);
}
