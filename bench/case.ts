/** What is measured, and how: all contestants of a case take turns, round by round, since machines are noisy. */

/** One thing that several contestants do. */
export interface Case {
  /** Within its group; the targets name cases by `GROUP/ID`. */
  readonly id: string;
  readonly what: string;
  readonly unit: "ns" | "µs" | "ms" | "s" | "/s" | "MiB/s" | "KB" | "KiB" | "MiB";
  readonly better: "less" | "more";
  /** At most: three are enough where all samples agree, or where they take long. */
  readonly rounds: number;
  /** By name: a measurement, or why there is none. */
  readonly contestants: Readonly<Record<string, Measurement | string>>;
  /** Ends what its samples share, when all have been taken. */
  readonly end?: () => Promise<void>;
}

/** Takes one sample, in the unit of its case. */
export type Measurement = () => Promise<number>;

/** Several samples of one thing. */
export interface Spread {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

/** What a contestant reached, or why there is nothing: it failed, or takes no part. */
export type Result = Spread | { readonly missing: string; readonly failed: boolean };

/** A case that has been measured. */
export interface Row extends Omit<Case, "contestants" | "rounds" | "end"> {
  readonly results: ReadonlyMap<string, Result>;
}

/** The contestant that all others are compared with. */
export const OURS = "Sluice";

/** As many samples as a median needs that one odd sample cannot move. */
const ENOUGH = 3;
/** Of the median: what the samples of a contestant may differ by for more of them to say nothing new. */
const AGREE = 0.05;

/** For a row that has enough: it says more about the machine than about anybody if that is not enough. */
const ROW_MS = 3000;
/** What takes longer is measured once: such a contestant is far behind all others. */
const ONCE_MS = 4000;

function agree(samples: readonly number[]): boolean {
  const { min, median, max } = spreadOf(samples);
  return max - min <= AGREE * Math.abs(median);
}

/** Measures a case. A contestant that fails takes no part in further rounds. */
export async function measure({ contestants, rounds, end, ...about }: Case): Promise<Row> {
  const results = new Map<string, Result>();
  const samples = new Map<string, number[]>();
  const slow = new Set<string>();
  const begun = performance.now();
  for (let round = 0; round < rounds; round++) {
    const isEnough = performance.now() - begun > ROW_MS || [...samples.values()].every(agree);
    if (round >= ENOUGH && isEnough) break;
    for (const [name, contestant] of Object.entries(contestants)) {
      if (typeof contestant === "string") results.set(name, { missing: contestant, failed: false });
      if (typeof contestant === "string" || results.has(name) || slow.has(name)) continue;
      try {
        const start = performance.now();
        const sample = await contestant();
        samples.set(name, [...(samples.get(name) ?? []), sample]);
        if (performance.now() - start > ONCE_MS && name !== OURS) slow.add(name);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        results.set(name, { missing: `fails: ${reason}`, failed: true });
      }
    }
  }
  await end?.();
  // In the order in which the case names them.
  return {
    ...about,
    results: new Map(
      Object.keys(contestants).map((name) => [name, results.get(name) ?? spreadOf(samples.get(name) ?? [])]),
    ),
  };
}

export function spreadOf(samples: readonly number[]): Spread {
  const sorted = samples.toSorted((a, b) => a - b);
  const at = (index: number): number => sorted[index] ?? Number.NaN;
  return { min: at(0), median: at(sorted.length >> 1), max: at(sorted.length - 1) };
}

/** The median of a contestant; `undefined` if it has none. */
export function medianOf(row: Row | undefined, contestant: string): number | undefined {
  const result = row?.results.get(contestant);
  return result && "median" in result ? result.median : undefined;
}
