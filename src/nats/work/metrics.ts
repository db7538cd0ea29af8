import type { WorkCounts } from "./worker.ts";

const HELP: Readonly<Record<keyof WorkCounts, readonly [type: "counter" | "gauge", help: string]>> = {
  running: ["gauge", "Jobs under way."],
  done: ["counter", "Jobs whose result this worker has stored."],
  already: ["counter", "Jobs whose result was there already."],
  retried: ["counter", "Attempts that failed and are repeated."],
  dead: ["counter", "Jobs that have failed for the last time."],
  left: ["counter", "Jobs that somebody else had by then, or that could not be stored."],
  redelivered: ["counter", "Deliveries that were not the first of their job."],
  outages: ["counter", "How often the broker was out of reach when a job was asked for."],
};

/** What a worker has counted, in the text format of Prometheus. */
export function metricsText(counts: WorkCounts): string {
  return Object.entries(HELP)
    .map(([key, [type, help]]) => {
      const name = `sluice_jobs_${key}${type === "counter" ? "_total" : ""}`;
      // The keys of HELP are those of the counts.
      return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${name} ${counts[key as keyof WorkCounts]}\n`;
    })
    .join("");
}
