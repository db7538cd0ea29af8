import type { Limits } from "../io/limits.ts";
import type { Outlet } from "../io/outlet.ts";
import type { Readiness } from "../io/readiness.ts";
import { Trap } from "../io/trap.ts";
import type { JsResources } from "./abi.ts";
import { REP, JcoTables } from "./jco.ts";
import { Lease } from "./lease.ts";
import { Resources, type Entry, type Kind } from "./resources.ts";
import type { HandleTable } from "./guest.ts";
import type { Timers } from "../wasi/timers.ts";
import type { Task } from "./task.ts";

/** Told of each call: its WIT name, its parameters, and how it ended. */
export type Trace = (name: string, values: readonly unknown[], outcome: string) => void;

/** What an instance has that not every one has. */
export interface InstanceParts {
  readonly trace?: Trace | undefined;
  /** See `Instance.park`. */
  readonly park?: (readiness: Readiness) => void;
  /** Whether its streams may be lent to WebAssembly: see `Lease`. */
  readonly leases?: boolean;
}

/** What all functions of one running instance share, and no other instance sees. */
export class Instance implements JsResources {
  readonly resources: Resources;
  readonly task: Task;
  /** Missing where handles may change hands without our being told. */
  readonly lease: Lease | undefined;
  readonly trace: Trace | undefined;
  /** The handle tables of the glue, and which kind each is known to be of. */
  readonly tables: JcoTables = new JcoTables();
  readonly kinds: Map<HandleTable, Kind<unknown>> = new Map();
  /** Whether glue has asked for lowered functions: those can suspend a guest, others cannot. */
  lowers = false;
  /** Blocks the thread until something is ready, for calls from glue that cannot suspend. Missing: such calls trap. */
  readonly park: ((readiness: Readiness) => void) | undefined;
  /** Those of files: what they hold is delivered before the instance is over. */
  readonly outlets: Set<Outlet> = new Set();
  /** If it has a clock. */
  timers: Timers | undefined;
  #openFiles = 0;
  readonly #prototypes = new Map<Kind<unknown>, object>();

  constructor(limits: Limits, task: Task, options: InstanceParts = {}) {
    this.lease = options.leases === true ? new Lease(task) : undefined;
    this.resources = new Resources(limits.resources, this.lease);
    this.task = task;
    this.trace = options.trace;
    this.park = options.park;
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

  /** Says which class stands for `kind` in glue that converts to JavaScript. */
  represent(kind: Kind<unknown>, prototype: object): void {
    this.#prototypes.set(kind, prototype);
  }

  entryOf(kind: Kind<unknown>, instance: unknown): Entry {
    // REP is ours: whatever it holds on an object that glue made is a number, and checked to be a live rep of `kind`.
    const rep = instance !== null && typeof instance === "object" ? (instance as { [REP]?: number })[REP] : undefined;
    const entry = rep === undefined ? undefined : this.resources.get(rep);
    if (entry?.kind !== kind) throw new TypeError(`Expected a live resource ${kind.name}, got ${String(instance)}`);
    return entry;
  }

  instanceOf(entry: Entry): object {
    const prototype = this.#prototypes.get(entry.kind);
    if (!prototype) throw new TypeError(`No class stands for ${entry.kind.name}`);
    return Object.defineProperty(Object.create(prototype), REP, { value: entry.rep, writable: true });
  }
}
