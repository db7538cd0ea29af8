import type { Stats } from "../run/life.ts";

const STREAMS = ["stdin", "stdout", "stderr"] as const;
const COLUMNS = ["bytes", "calls", "waits"] as const;

/** A table of what each standard stream carried, with plain numbers, so that other programs can read it too. */
export function statsTable(stats: Stats): string {
  const nameWidth = Math.max(...STREAMS.map((stream) => stream.length));
  const widths = COLUMNS.map((column) =>
    Math.max(column.length, ...STREAMS.map((stream) => String(stats[stream][column]).length)),
  );
  const line = (name: string, cells: readonly string[]): string =>
    `${name.padEnd(nameWidth)}  ${cells.map((cell, index) => cell.padStart(widths[index] ?? 0)).join("  ")}\n`;
  const rows = STREAMS.map((stream) =>
    line(
      stream,
      COLUMNS.map((column) => String(stats[stream][column])),
    ),
  );
  return line("", COLUMNS) + rows.join("");
}
