/** Which rows become which charts. */
import { medianOf, OURS, type Row } from "./case.ts";
import { AMOUNTS } from "./groups/growth.ts";
import { INSTANCES } from "./groups/memory.ts";
import { bars, lines, type Values } from "./svg.ts";
import type { Rows } from "./targets.ts";

const POLLED = [1, 10, 100, 1000] as const;

/** All charts of a full run, by the names of their files. */
export function charts(rows: Rows): ReadonlyMap<string, string> {
  return new Map([
    [
      "calls.svg",
      bars({
        title: "What a call costs, from /dev/zero to /dev/null",
        scale: "ns per call, less is better, logarithmic",
        categories: categories(rows, "devices/", /./),
      }),
    ],
    [
      "throughput.svg",
      bars({
        title: "How fast bytes flow",
        scale: "MiB/s, more is better, logarithmic",
        categories: [...categories(rows, "throughput/", /./), ...categories(rows, "copy/", /./)],
      }),
    ],
    [
      "pollables.svg",
      lines({
        title: "One poll, one of many is ready",
        across: "pollables in the list",
        up: "ns per poll",
        series: growing(rows, POLLED, "devices/poll-", [[OURS, "calls/poll-", "Sluice, streams in memory"]]),
      }),
    ],
    [
      "instances.svg",
      lines({
        title: "Many instances of a small component",
        across: "instances that wait at the same time",
        up: "for each of them",
        series: growing(
          rows,
          INSTANCES,
          "growth/instances-",
          [
            [OURS, "growth/instances-", "ms from start to end"],
            [OURS, "memory/instances-", "KiB resident while it waits"],
          ],
          false,
        ),
      }),
    ],
    [
      "bytes.svg",
      lines({
        title: "A permit loop of 64 KiB to a pipe",
        across: "MiB in all",
        up: "MiB/s",
        series: growing(rows, AMOUNTS, "growth/bytes-"),
      }),
    ],
  ]);
}

function categories(rows: Rows, prefix: string, pattern: RegExp): { label: string; values: Values }[] {
  return [...rows]
    .filter(([key]) => key.startsWith(prefix) && pattern.test(key.slice(prefix.length)))
    .map(([, row]) => ({ label: plain(row.what), values: valuesOf(row) }));
}

/** Labels have no marks of Markdown. */
function plain(what: string): string {
  return what.replaceAll("`", "");
}

function valuesOf(row: Row): Values {
  return new Map(
    [...row.results.keys()].flatMap((name) => {
      const median = medianOf(row, name);
      return median === undefined ? [] : [[name, median] as const];
    }),
  );
}

/**
 * A line for each contestant of the rows PREFIX1, PREFIX10 and so on, and those of single contestants of other rows.
 *
 * @param all Whether the rows of `prefix` are wanted as they are.
 */
function growing(
  rows: Rows,
  counts: readonly number[],
  prefix: string,
  more: readonly (readonly [contestant: string, prefix: string, label: string])[] = [],
  all = true,
): Map<string, [number, number][]> {
  const names = all
    ? [...new Set(counts.flatMap((count) => [...(rows.get(prefix + count)?.results.keys() ?? [])]))]
    : [];
  const wanted = [...names.map((name) => [name, prefix, name] as const), ...more];
  return new Map(
    wanted
      .map(([name, from, label]): [string, [number, number][]] => [
        label,
        counts.flatMap((count) => {
          const median = medianOf(rows.get(from + count), name);
          return median === undefined ? [] : [[count, median]];
        }),
      ])
      .filter(([, points]) => points.length > 0),
  );
}
