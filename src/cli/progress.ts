import { isatty } from "node:tty";
import type { Stats } from "../run/life.ts";
import { sayOnLine } from "./write.ts";

const INTERVAL_MS = 200;
export const ERASE_LINE = "\r\x1b[K";
const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];

/** Shows what flows on one line of the terminal that is standard error, if it is one. Gives a function that erases it. */
export function showProgress(stats: Stats): () => void {
  if (!isatty(2)) return () => {};
  let before = { at: performance.now(), in: 0, out: 0 };
  let shown = false;
  const timer = setInterval(() => {
    const now = { at: performance.now(), in: stats.stdin.bytes, out: stats.stdout.bytes };
    const seconds = (now.at - before.at) / 1000;
    sayOnLine(
      `${ERASE_LINE}in ${size(now.in)} (${size((now.in - before.in) / seconds)}/s)  ` +
        `out ${size(now.out)} (${size((now.out - before.out) / seconds)}/s)`,
    );
    before = now;
    shown = true;
  }, INTERVAL_MS);
  // The guest decides how long the process lives.
  timer.unref();
  return () => {
    clearInterval(timer);
    if (shown) sayOnLine(ERASE_LINE);
  };
}

/** A number of bytes, short enough to read while it changes: `0 B`, `1.5 KiB`, `12.0 MiB`. */
export function size(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 ? Math.round(value) : value.toFixed(1)} ${UNITS[unit]}`;
}
