/** Loops without a guest are timed as the guest bench-calls times its own. */

/**
 * What one step costs, in ns, when they are made for as many milliseconds. What takes long after what did not was
 * disturbed, and is made again.
 *
 * @param first How many are made first: fewer of what takes long.
 */
export async function nsPerStep(
  leastMs: number,
  steps: (count: number) => void | Promise<void>,
  first = 64,
): Promise<number> {
  for (let count = first, beforeMs = 0; ;) {
    const start = performance.now();
    const made = steps(count);
    // A loop that need not wait is not made to.
    if (made) await made;
    const elapsedMs = performance.now() - start;
    if (elapsedMs >= leastMs && beforeMs >= leastMs / 4) return (elapsedMs * 1e6) / count;
    beforeMs = elapsedMs;
    if (elapsedMs < leastMs) count *= 2;
  }
}
