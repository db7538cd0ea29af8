import { InternalError, Trap } from "../io/trap.ts";
import { noFreeKeys, type ResourceType } from "./handles.ts";
import type { ResourceId } from "./types.ts";

/** A resource type of the host's: one for each of WIT's that it implements. */
export class Kind<T> implements ResourceType, ResourceId {
  /** WIT's name. */
  readonly name: string;
  readonly definer: undefined = undefined;
  /** It is no component's. */
  readonly slot = -1;
  /** Never present: only carries the type. */
  declare readonly value?: T;

  constructor(name: string) {
    this.name = name;
  }

  drop(rep: unknown): void {
    entryOf(rep).drop();
  }
}

/** What a handle on a resource of the host's stands for. */
export function entryOf(rep: unknown): Entry {
  if (!(rep instanceof Entry)) throw new TypeError("A handle of the host's stands for something else");
  return rep;
}

/** What is done when a resource is dropped: called, or its `drop`, which needs no function of its own. */
export type OnDrop = (() => void) | { drop(): void };

/** Resources that many a guest has and never uses: what one is is made when it is first asked for. */
export interface Unmade {
  /** Called at most once for each: what it gives is the value, and is what is dropped. */
  make(entry: Entry): { drop(): void };
  /** It is dropped, and has not been made. */
  dropped(entry: Entry): void;
}

/** In place of the value of what is not made yet. */
const UNMADE = Symbol("unmade");

/** A live resource of one instance. */
export class Entry {
  readonly kind: Kind<unknown>;
  /** What the host calls this resource, at least 1. */
  readonly rep: number;
  readonly parent: Entry | undefined;
  /** Live resources that were made from this one and must be dropped before it. */
  children = 0;
  /** Until it is dropped. */
  isLive = true;
  #value: unknown;
  /** `Unmade` exactly while the value is `UNMADE`: an entry is small, and there are many. */
  #onDrop: OnDrop | Unmade | undefined;
  readonly #owner: Resources;

  constructor(owner: Resources, rep: number, kind: Kind<unknown>, value: unknown, onDrop?: OnDrop, parent?: Entry) {
    this.#owner = owner;
    this.rep = rep;
    this.kind = kind;
    this.#value = value;
    this.#onDrop = onDrop;
    this.parent = parent;
  }

  /** @param unmade Makes the value. */
  static unmade(owner: Resources, rep: number, kind: Kind<unknown>, unmade: Unmade, parent: Entry): Entry {
    const entry = new Entry(owner, rep, kind, UNMADE, undefined, parent);
    entry.#onDrop = unmade;
    return entry;
  }

  get value(): unknown {
    if (this.#value !== UNMADE) return this.#value;
    // By the invariant of `#onDrop`.
    const made = (this.#onDrop as Unmade).make(this);
    this.#value = made;
    this.#onDrop = made;
    return made;
  }

  /** @throws {Trap} If children live. */
  drop(): void {
    this.#owner.drop(this);
  }

  /** It is dropped, or its instance is over. */
  dropped(): void {
    const onDrop = this.#onDrop;
    if (typeof onDrop === "function") onDrop();
    else if (this.#value !== UNMADE) (onDrop as Exclude<OnDrop, () => void> | undefined)?.drop();
    // As above.
    else (onDrop as Unmade).dropped(this);
  }

  /** See `Resources.release`. */
  release(): void {
    this.#owner.release(this);
  }
}

/** The resources of the host's that one instance holds, whoever in it has the handle. Reps are used again after a drop. */
export class Resources {
  readonly #limit: number;
  readonly #settle: (() => void) | undefined;
  readonly #entries: (Entry | undefined)[] = [undefined];
  readonly #free: number[] = [];
  /** Told of each drop. */
  onDrop: ((entry: Entry) => void) | undefined;

  /**
   * @param limit The most that may be alive at the same time.
   * @param settle Brings those up to date that something stands in for: called before any of them is looked at.
   */
  constructor(limit: number, settle?: () => void) {
    this.#limit = limit;
    this.#settle = settle;
  }

  /**
   * @param onDrop Done also where there is no place for it: then nobody has it.
   * @param parent The resource that must outlive this one.
   * @throws {Trap} Over the limit.
   */
  add<T>(kind: Kind<T>, value: T, onDrop?: OnDrop, parent?: Entry): Entry {
    return this.#keep(new Entry(this, this.#nextRep(), kind, value, onDrop, parent));
  }

  /** As `add`, of what `unmade` makes when somebody asks for it. */
  addUnmade(kind: Kind<{ drop(): void }>, unmade: Unmade, parent: Entry): Entry {
    return this.#keep(Entry.unmade(this, this.#nextRep(), kind, unmade, parent));
  }

  #keep(entry: Entry): Entry {
    if (entry.rep > this.#limit) {
      letGo(entry);
      throw noFreeKeys(this.#limit);
    }
    this.#entries[entry.rep] = entry;
    if (entry.parent) entry.parent.children++;
    return entry;
  }

  #nextRep(): number {
    return this.#free.pop() ?? this.#entries.length;
  }

  /** What stands in for one of them brings it up to date: before anybody looks at its value. */
  settle(): void {
    this.#settle?.();
  }

  /** The entry of `rep`, or `undefined` if there is none. */
  get(rep: number): Entry | undefined {
    this.settle();
    return this.#entries[rep];
  }

  /** @throws {Trap} If it is dropped already, or children live. @throws {InternalError} What dropping it throws. */
  drop(entry: Entry): void {
    this.settle();
    const { rep, kind, children, parent } = entry;
    if (this.#entries[rep] !== entry) throw new Trap("1.2", `drop of an unknown resource ${rep}`);
    if (children > 0) {
      throw new Trap(
        "1.3",
        `resource has children: ${kind.name} ${rep} was dropped before ${children} that came from it`,
      );
    }
    this.onDrop?.(entry);
    this.#entries[rep] = undefined;
    this.#free.push(rep);
    if (parent) parent.children--;
    letGo(entry);
  }

  /** Lets go of a resource without dropping it: somebody else has it from now on. @throws {Trap} As `drop`. */
  release(entry: Entry): void {
    this.settle();
    if (this.#entries[entry.rep] !== entry) throw new Trap("1.2", `release of an unknown resource ${entry.rep}`);
    this.#entries[entry.rep] = undefined;
    this.#free.push(entry.rep);
    if (entry.parent) entry.parent.children--;
  }

  /** The instance is over: lets go of all, in no order, whatever lives. Gives what that threw. */
  clear(): unknown[] {
    this.#settle?.();
    const entries = this.#entries.splice(1);
    this.#free.length = 0;
    const faults: unknown[] = [];
    for (const entry of entries) {
      if (!entry) continue;
      entry.isLive = false;
      try {
        entry.dropped();
      } catch (fault) {
        faults.push(fault);
      }
    }
    return faults;
  }
}

/** @throws {InternalError} What dropping it throws. */
function letGo(entry: Entry): void {
  entry.isLive = false;
  try {
    entry.dropped();
  } catch (fault) {
    // No guest is told of it: whatever is behind the resource is at fault.
    throw fault instanceof WebAssembly.RuntimeError
      ? fault
      : new InternalError(`[resource-drop]${entry.kind.name}`, fault);
  }
}
