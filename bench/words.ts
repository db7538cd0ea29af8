/** How sizes and figures are written. */

export function bytes(count: number): string {
  return count === 1 ? "1 byte" : `${count} bytes`;
}

/** Three digits, and all before the point. */
export function figure(value: number): string {
  return Math.abs(value) >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3)));
}
