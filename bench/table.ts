/** One line of a result. */
export interface Row {
  readonly what: string;
  readonly ours: Spread;
  /** What it is compared with, and its own figure. */
  readonly peer?: { readonly name: string; readonly spread: Spread };
  readonly unit: string;
  /** What we want to reach, in words. */
  readonly target?: string;
}

/** Several measurements of one thing. */
export interface Spread {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

export function spreadOf(samples: readonly number[]): Spread {
  const sorted = samples.toSorted((a, b) => a - b);
  const at = (index: number): number => sorted[index] ?? Number.NaN;
  return { min: at(0), median: at(sorted.length >> 1), max: at(sorted.length - 1) };
}

export function printTable(title: string, rows: readonly Row[]): void {
  const cells = [
    [title, "median", "min to max", "peer", "peer's median", "ratio", "target"],
    ...rows.map(({ what, ours, peer, unit, target }) => [
      what,
      `${figure(ours.median)} ${unit}`,
      `${figure(ours.min)} to ${figure(ours.max)}`,
      peer?.name ?? "",
      peer ? `${figure(peer.spread.median)} ${unit}` : "",
      peer ? (ours.median / peer.spread.median).toFixed(2) : "",
      target ?? "",
    ]),
  ];
  const widths = (cells[0] ?? []).map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  const [header = [], ...body] = cells;
  console.log([line(header), line(widths.map((width) => "-".repeat(width))), ...body.map(line), ""].join("\n"));
}

function figure(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}
