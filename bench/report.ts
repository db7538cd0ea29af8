/** Tables in Markdown, and the page that holds them all. */
import { OURS, type Result, type Row } from "./case.ts";
import type { Machine } from "./machine.ts";
import type { Verdict } from "./targets.ts";
import { figure } from "./words.ts";

/** What has been measured under one name. */
export interface Group {
  readonly name: string;
  readonly about: string;
  readonly rows: readonly Row[];
}

/** One line each; a column for every contestant, and how we relate to it. Notes say why there is no figure. */
export function groupTable({ rows }: Group): string {
  const others = [...new Set(rows.flatMap(({ results }) => [...results.keys()]))].filter((name) => name !== OURS);
  const notes: string[] = [];
  const note = (text: string): string => {
    if (!notes.includes(text)) notes.push(text);
    return `(${notes.indexOf(text) + 1})`;
  };
  const header = ["", "unit", "better", OURS, "min to max", ...others.flatMap((name) => [name, "ratio"])];
  const lines = rows.map(({ what, unit, better, results }) => {
    const ours = results.get(OURS);
    return [
      ...[what, unit, better, median(ours, note), range(ours)],
      ...others.flatMap((name) => [median(results.get(name), note), ratio(ours, results.get(name))]),
    ];
  });
  const explained = notes.map((text, index) => `${index + 1}. ${text}`).join("\n");
  return table([header, ...lines]) + (notes.length > 0 ? `\n${explained}\n` : "");
}

export function verdictTable(verdicts: readonly Verdict[]): string {
  const word = (met: boolean | undefined): string => (met === undefined ? "not measured" : met ? "met" : "**not met**");
  return table([
    ["target", "wanted", "got", ""],
    ...verdicts.map(({ what, wanted, got, met }) => [what, wanted, got, word(met)]),
  ]);
}

/** All of `results.md`. */
export function page(machine: Machine, groups: readonly Group[], verdicts: readonly Verdict[]): string {
  return [
    "# Results",
    "<!-- Written by `npm run bench`: what is changed here by hand is lost. -->",
    "What these are, and how they are measured, is in [README.md](README.md). Figures are medians; a ratio is ours " +
      "divided by\ntheirs, and `better` says which way is the better one.",
    table([["", ""], ...Object.entries(machine)]).trimEnd(),
    "## Targets",
    verdictTable(verdicts).trimEnd(),
    ...groups.flatMap((group) => [`## ${group.name}`, group.about, groupTable(group).trimEnd()]),
    "",
  ]
    .join("\n\n")
    .trimEnd()
    .concat("\n");
}

function median(result: Result | undefined, note: (text: string) => string): string {
  if (!result) return "";
  return "missing" in result ? note(result.missing) : figure(result.median);
}

function range(result: Result | undefined): string {
  return result && "min" in result ? `${figure(result.min)} to ${figure(result.max)}` : "";
}

function ratio(ours: Result | undefined, theirs: Result | undefined): string {
  if (!ours || !theirs || !("median" in ours) || !("median" in theirs)) return "";
  // Growth that is nothing, give or take what the system does, is not to be divided by.
  return theirs.median > 0 && ours.median > 0 ? figure(ours.median / theirs.median) : "";
}

function table(cells: readonly (readonly string[])[]): string {
  const [header = [], ...body] = cells.map((row) => row.map((cell) => cell.replaceAll("|", "\\|")));
  const widths = header.map((_, column) => Math.max(3, ...[header, ...body].map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    `| ${widths.map((width, column) => (row[column] ?? "").padEnd(width)).join(" | ")} |`;
  return `${[line(header), line(widths.map((width) => "-".repeat(width))), ...body.map(line)].join("\n")}\n`;
}
