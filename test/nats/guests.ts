/** What guests do, and what is there of it, where streams are in memory. */
import { woken } from "../../src/io/steps.ts";
import type { StoredRecord } from "../../src/nats/log.ts";
import type { JobOptions } from "../../src/nats/work/job.ts";

/** A guest that writes `bytes` as one does that waits for room. */
export function writing(bytes: Uint8Array): JobOptions["run"] {
  return async (_, stdout) => {
    for (let at = 0; at < bytes.length;) {
      const taken = stdout.write(bytes.subarray(at));
      at += taken;
      // oxlint-disable-next-line no-await-in-loop -- as a guest waits
      if (taken === 0) await woken(stdout);
    }
    // oxlint-disable-next-line no-await-in-loop -- as a guest waits
    while (!stdout.flush()) await woken(stdout);
    return 0;
  };
}

export const bytesOf = (count: number): Uint8Array => new Uint8Array(count).map((_, index) => index);

/** The result as a reader finds it: from where its end says it begins, to that end. */
export function resultIn(records: readonly StoredRecord[]): number[] | undefined {
  const last = records.at(-1);
  if (!last?.mark?.end) return undefined;
  const first = last.mark.end.first ?? last.sequence;
  return records.filter(({ sequence }) => sequence >= first).flatMap(({ data }) => [...data]);
}
