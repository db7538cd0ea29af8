import { Resources } from "../abi/resources.ts";
import type { Outlet } from "../io/outlet.ts";
import type { Readiness } from "../io/readiness.ts";
import { Trap } from "../io/trap.ts";
import { Lease } from "../wait/lease.ts";
import type { Task } from "../wait/task.ts";
import { Timers } from "../wasi/clocks/timers.ts";
import type { OpenFile } from "../wasi/filesystem/files.ts";
import { Listings } from "../wasi/filesystem/listings.ts";
import type { SocketTallies } from "../wasi/sockets/tallies.ts";
import type { World } from "../wasi/world.ts";
import type { HeldMessages } from "./http/held.ts";

/** Told of each call: its WIT name, its parameters, and how it ended. */
export type Trace = (name: string, values: readonly unknown[], outcome: string) => void;

/** Of an instance that has a trace, and of no other: showing values is code that is loaded for it. */
export interface Tracing {
  readonly tell: Trace;
  readonly show: (value: unknown) => string;
}

/** What an instance has that not every one has. */
export interface InstanceParts {
  readonly tracing?: Tracing | undefined;
  /** See `Instance.park`. */
  readonly park?: (readiness: Readiness) => void;
  /** Whether its streams may be lent to WebAssembly: see `Lease`. */
  readonly leases?: boolean;
  /** See `Instance.fail`. */
  readonly fail?: (error: unknown) => void;
}

/** Outlets, each with the file that it writes if it writes one. */
export type Outlets = Map<Outlet, OpenFile | undefined>;

const NO_OUTLETS: ReadonlyMap<Outlet, undefined> = new Map();

/** What all functions of one running instance share, and no other instance sees. */
export class Instance {
  #world: World;
  readonly task: Task;
  readonly resources: Resources;
  readonly tracing: Tracing | undefined;
  readonly #leases: boolean;
  /** Ends it because of what its guest did while nobody called it, as when there is no place for what it waits for. */
  readonly fail: (error: unknown) => void;
  /** Blocks the thread until something is ready, for calls from glue that cannot suspend. Missing: such calls trap. */
  readonly park: ((readiness: Readiness) => void) | undefined;
  /** Somebody has ended the guest from outside, and given up what it wrote. */
  isAborted = false;
  /** Its guest has sent a request: what is answered to nobody may come yet. */
  hasAsked = false;
  /** What ports of the embedder's threw where nobody hears of it: told at the end. */
  faults: unknown[] = [];
  listings: Listings;
  /** What its sockets carried; missing until it has one. */
  sockets: SocketTallies | undefined;
  /** What it holds of HTTP; missing until it has something. */
  messages: HeldMessages | undefined;
  #timers: Timers | undefined;
  #outlets: Outlets | undefined;
  #openFiles = 0;

  constructor(world: World, task: Task, options: InstanceParts = {}) {
    this.#world = world;
    this.task = task;
    this.tracing = options.tracing;
    this.park = options.park;
    this.#leases = options.leases === true;
    this.fail = options.fail ?? ((error) => void this.faults.push(error));
    this.listings = new Listings(world.limits.listedEntries, this.task);
    this.resources = new Resources(world.limits.resources, this.#leases ? Lease.closeOpen : undefined);
    const { tracing } = this;
    if (tracing) this.resources.onDrop = ({ kind, rep }) => tracing.tell(`[resource-drop]${kind.name}`, [rep], "");
  }

  get world(): World {
    return this.#world;
  }

  /**
   * After its end: as a new one, in another world of the same limits. What the guest before still has under way stays
   * with the old world.
   *
   * @param newWorld Asked only if it begins.
   * @returns Whether it is as new: it is not while files are open.
   */
  renew(newWorld: () => World): boolean {
    if (this.#openFiles > 0 || this.heldOutlets.size > 0 || !this.task.renew()) return false;
    const world = newWorld();
    this.#world = world;
    this.#outlets = undefined;
    this.isAborted = false;
    this.hasAsked = false;
    this.faults = [];
    this.listings = new Listings(world.limits.listedEntries, this.task);
    this.sockets = undefined;
    this.messages = undefined;
    this.#timers = undefined;
    return true;
  }

  /** A lease of its own for each component instance, since each has handles of its own. None where they are not ours. */
  newLease(): Lease | undefined {
    return this.#leases ? new Lease(this.task) : undefined;
  }

  /** Those that the guest has opened, to files and others: what they hold is delivered before the instance is over. */
  get outlets(): Outlets {
    return (this.#outlets ??= new Map());
  }

  /** As `outlets`, for who adds none. */
  get heldOutlets(): ReadonlyMap<Outlet, OpenFile | undefined> {
    return this.#outlets ?? NO_OUTLETS;
  }

  /** All timers of its clock: they share one of the host's. */
  get timers(): Timers {
    return (this.#timers ??= new Timers(this.world.monotonicClock));
  }

  /** The guest has dropped a stream: what it wrote is delivered, and then the sink ended. @param after Called then. */
  finish(outlet: Outlet, after?: () => void): void {
    let rest;
    try {
      rest = outlet.sealOrWait();
    } catch (fault) {
      this.faults.push(fault);
    }
    if (rest) this.#finishLater(outlet, rest, after);
    else {
      this.#outlets?.delete(outlet);
      if (after) guarded(after, this.faults);
    }
  }

  #finishLater(outlet: Outlet, rest: Promise<void>, after: (() => void) | undefined): void {
    // Of what it is now: it may begin anew before.
    const { faults, outlets } = this;
    if (!outlets.has(outlet)) outlets.set(outlet, undefined);
    const end = (): void => {
      outlets.delete(outlet);
      if (after) guarded(after, faults);
    };
    rest.then(end, (fault: unknown) => {
      faults.push(fault);
      end();
    });
  }

  /** Counts one more open file, directory or stream on one. @returns What to call when it is closed. @throws {Trap} */
  openFile(limit: number): () => void {
    if (this.#openFiles >= limit) {
      throw new Trap(
        "1.2",
        `this instance already holds ${limit} files, directories and file streams (limits.openFiles)`,
      );
    }
    this.#openFiles++;
    return () => void this.#openFiles--;
  }
}

function guarded(step: () => void, faults: unknown[]): void {
  try {
    step();
  } catch (fault) {
    faults.push(fault);
  }
}
