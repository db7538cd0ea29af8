/** How much memory this process has, after what nobody holds has been collected. Wants --expose-gc. */

export function turn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}

export interface Usage {
  readonly rss: number;
  readonly heap: number;
}

export async function usage(): Promise<Usage> {
  for (let again = 0; again < 3; again++) {
    globalThis.gc?.();
    await turn();
  }
  const { rss, heapUsed, external } = process.memoryUsage();
  return { rss, heap: heapUsed + external };
}
