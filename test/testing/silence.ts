/** Whether a process waits for ever: it may hold its only thread, so that it cannot say so. */
import { readdirSync, readFileSync } from "node:fs";

const LOOK_MS = 3000;
/** How many looks in a row have to find that it neither says nor does anything. */
const STILL_LOOKS = 2;
/** What it may do in a row and say nothing, of processor time: more is a loop without end. */
const LOOP_MS = 20_000;
/** Where nobody tells what it does. */
const SILENT_LOOKS = 60;

/** What it has done so far; `undefined` where the system does not tell. */
interface Work {
  readonly processorMs: number;
  /** Whether one of its threads has something to do, if only it were its turn. */
  readonly isRunnable: boolean;
}

/**
 * Watches a process from which something is to be heard. How busy the machine is makes no difference: a process that waits for its
 * turn does not wait for ever.
 */
export class Silence {
  readonly #pid: number | undefined;
  readonly #timer: ReturnType<typeof setInterval>;
  #start: Work | undefined;
  #last: Work | undefined;
  #still = 0;

  /** @param endless Called once it is found that it waits, or loops, for ever. */
  constructor(pid: number | undefined, endless: () => void) {
    this.#pid = pid;
    // What it has said may not have been read yet: timers come first.
    this.#timer = setInterval(() => setImmediate(() => this.#look() && endless()), LOOK_MS);
  }

  /** It has said something. */
  broken(): void {
    this.#start = undefined;
    this.#still = 0;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #look(): boolean {
    const work = workOf(this.#pid);
    const isStill = !work || (!work.isRunnable && work.processorMs === this.#last?.processorMs);
    this.#last = work;
    this.#start ??= work;
    this.#still = isStill ? this.#still + 1 : 0;
    if (!work) return this.#still >= SILENT_LOOKS;
    return this.#still >= STILL_LOOKS || work.processorMs - (this.#start?.processorMs ?? 0) > LOOP_MS;
  }
}

/** As Linux tells it, in hundredths of a second. */
function workOf(pid: number | undefined): Work | undefined {
  try {
    const threads = readdirSync(`/proc/${pid}/task`).map((thread) => {
      const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, "utf8");
      // Behind the name, which is in brackets and may have any character.
      const [state, ...fields] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      return { state, ticks: Number(fields[10]) + Number(fields[11]) };
    });
    return {
      processorMs: threads.reduce((sum, { ticks }) => sum + ticks, 0) * 10,
      isRunnable: threads.some(({ state }) => state === "R" || state === "D"),
    };
  } catch {
    return undefined;
  }
}
