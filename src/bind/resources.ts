import { Trap } from "../io/trap.ts";

/** What a resource is: one per WIT resource type. The phantom type says what its values are. */
export interface Kind<T> {
  /** WIT's name. */
  readonly name: string;
  /** Never present: only carries the type. */
  readonly value?: T;
}

/** A live resource of one instance. */
export interface Entry {
  readonly kind: Kind<unknown>;
  readonly value: unknown;
  /** What the host calls this resource, at least 1. */
  readonly rep: number;
  readonly parent: Entry | undefined;
  /** Live resources that were made from this one and must be dropped before it. */
  children: number;
  readonly onDrop: (() => void) | undefined;
}

/** What stands in for a resource for a while. */
interface Loan {
  /** Brings the resource up to date. */
  close(): void;
  /** As `close`, and knows no handles any more. */
  forget(): void;
}

/**
 * The resources of one instance. All kinds share one space of numbers ("reps"), so that a rep alone says what it is of.
 * Reps are used again after a drop.
 */
export class Resources {
  readonly #limit: number;
  readonly #lease: Loan | undefined;
  readonly #entries: (Entry | undefined)[] = [undefined];
  readonly #free: number[] = [];

  /**
   * @param limit The most that may be alive at the same time.
   * @param lease What may stand in for one of them. Closed before any of them is looked at.
   */
  constructor(limit: number, lease?: Loan) {
    this.#limit = limit;
    this.#lease = lease;
  }

  /** @param parent The resource that must outlive this one. @throws {Trap} Over the limit. */
  add<T>(kind: Kind<T>, value: T, onDrop?: () => void, parent?: Entry): Entry {
    const rep = this.#free.pop() ?? this.#entries.length;
    if (rep > this.#limit) {
      throw new Trap(
        "1.2",
        `resource table has no free keys: this instance already holds ${this.#limit} resources (limits.resources)`,
      );
    }
    const entry: Entry = { kind, value, rep, parent, children: 0, onDrop };
    this.#entries[rep] = entry;
    if (parent) parent.children++;
    return entry;
  }

  /** The entry of `rep`, or `undefined` if there is none. */
  get(rep: number): Entry | undefined {
    this.#lease?.close();
    return this.#entries[rep];
  }

  /** @throws {Trap} If children live. */
  drop(rep: number): void {
    this.#lease?.forget();
    const entry = this.#entries[rep];
    if (!entry) throw new Trap("1.2", `drop of an unknown resource ${rep}`);
    if (entry.children > 0) {
      throw new Trap(
        "1.3",
        `resource has children: ${entry.kind.name} ${rep} was dropped before ${entry.children} that came from it`,
      );
    }
    this.#entries[rep] = undefined;
    this.#free.push(rep);
    if (entry.parent) entry.parent.children--;
    entry.onDrop?.();
  }

  /** The instance is over: lets go of all, in no order, whatever lives. */
  clear(): void {
    this.#lease?.close();
    const entries = this.#entries.splice(1);
    this.#free.length = 0;
    for (const entry of entries) entry?.onDrop?.();
  }
}
