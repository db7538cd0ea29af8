import type { Tally } from "../io/tally.ts";
import type { Stats } from "../run/life.ts";

const COLUMNS = ["bytes", "calls", "waits"] as const;

/**
 * A table of what each standard stream carried, and each direction of each socket (`->` is sent, `<-` is received), with
 * plain numbers, so that other programs can read it too.
 */
export function statsTable(stats: Stats): string {
  const rows = [...standardRows(stats), ...socketRows(stats)];
  const nameWidth = Math.max(...rows.map(([name]) => name.length));
  const widths = COLUMNS.map((column) =>
    Math.max(column.length, ...rows.map(([, tally]) => String(tally[column]).length)),
  );
  const line = (name: string, cells: readonly string[]): string =>
    `${name.padEnd(nameWidth)}  ${cells.map((cell, index) => cell.padStart(widths[index] ?? 0)).join("  ")}\n`;
  const lines = rows.map(([name, tally]) =>
    line(
      name,
      COLUMNS.map((column) => String(tally[column])),
    ),
  );
  return line("", COLUMNS) + lines.join("");
}

type Row = readonly [name: string, tally: Tally];

function standardRows({ stdin, stdout, stderr }: Stats): Row[] {
  return [
    ["stdin", stdin],
    ["stdout", stdout],
    ["stderr", stderr],
  ];
}

function socketRows({ sockets }: Stats): Row[] {
  if (!sockets) return [];
  const { each, others } = sockets;
  const rows = each.flatMap(({ protocol, local, remote = "anybody", received, sent }): Row[] => [
    [`${protocol} ${local} -> ${remote}`, sent],
    [`${protocol} ${local} <- ${remote}`, received],
  ]);
  if (others.count === 0) return rows;
  const name = `${others.count} more socket${others.count === 1 ? "" : "s"}`;
  return [...rows, [`${name} ->`, others.sent], [`${name} <-`, others.received]];
}
