/** Plays mutants one after the other. The seed of each is a number of its own: that of the run, and its place in it. */
import { createHash } from "node:crypto";
import { corpus } from "./corpus.ts";
import { Order } from "./damage.ts";
import { mutant } from "./mutation.ts";
import { play, type Outcome, type Stage } from "./play.ts";
import { Random } from "../random.ts";
import { coreModulesOf, treeOf } from "./sections.ts";

/** After so many it is looked whether all is in order. */
const LOOK_EVERY = 1000;

export interface Failure {
  readonly seed: number;
  readonly stage: Stage | "order";
  readonly reason: string;
}

export interface Watch {
  /** Told before each stage of each mutant. */
  readonly enter: (seed: number, stage: Stage) => void;
  readonly done: (seed: number, outcome: Outcome) => void;
  readonly failed: (failure: Failure) => void;
}

const CODE_SECTION = 10;
const LOOP = 3;

export class Batch {
  readonly #corpus: readonly Uint8Array[];
  readonly #known: ReadonlySet<string>;
  readonly #order: Order;

  private constructor(sources: readonly Uint8Array[], order: Order) {
    this.#corpus = sources;
    this.#order = order;
    this.#known = new Set(
      sources.flatMap((bytes) => {
        const tree = treeOf(bytes);
        return tree ? coreModulesOf(tree).map(digest) : [];
      }),
    );
  }

  static async prepare(): Promise<Batch> {
    return new Batch(await corpus(), await Order.now());
  }

  /** The bytes of the mutant of a seed, and what else of it is random. */
  mutant(seed: number): { readonly bytes: Uint8Array; readonly random: Random } {
    const random = new Random(seed);
    return { bytes: mutant(random, this.#corpus), random };
  }

  async run(seed: number, count: number, { enter, done, failed }: Watch): Promise<void> {
    for (let index = 0; index < count; index++) {
      const own = seed + index;
      const { bytes, random } = this.mutant(own);
      const outcome = await play(bytes, random, {
        enter: (stage) => enter(own, stage),
        isTame: (module) => this.#isTame(module),
      });
      if (outcome.allowed === undefined) failed({ seed: own, stage: outcome.stage, reason: reasonOf(outcome.error) });
      done(own, outcome);
      if ((index + 1) % LOOK_EVERY !== 0 && index + 1 !== count) continue;
      try {
        await this.#order.assertKept();
      } catch (error) {
        return failed({ seed: own, stage: "order", reason: reasonOf(error) });
      }
    }
  }

  /** One of those that the corpus has, or one that has no loop: nobody waits for what runs forever. */
  #isTame(module: Uint8Array): boolean {
    if (this.#known.has(digest(module))) return true;
    const code = treeOf(module)?.sections.filter(({ id }) => id === CODE_SECTION);
    return code?.every(({ bytes }) => !bytes.includes(LOOP)) === true;
  }
}

function digest(bytes: Uint8Array): string {
  return createHash("sha1").update(bytes).digest("latin1");
}

export function reasonOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
