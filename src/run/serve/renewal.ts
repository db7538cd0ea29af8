/**
 * Instances that are put back to what they were when they were made: to make one takes ten times as long. What the guest
 * has changed is undone, and what it was given is made anew, so that nobody can tell one from an instance that was just
 * made. Where that cannot be, there is no renewal, and each is made.
 */
import { Snapshot, type MemoryImages } from "../../load/renew/snapshot.ts";
import { grantsOf, type Grants } from "../grants.ts";
import type { Begun } from "../instantiate.ts";
import type { InstanceOptions } from "../options.ts";
import type { Platform } from "../platform.ts";

type Options = InstanceOptions<unknown, unknown>;

/** Of the instances of one component. */
export class Renewals {
  readonly #platform: Platform;
  #images: MemoryImages | undefined;

  constructor(platform: Platform) {
    this.#platform = platform;
  }

  /** For one that was just made, of these options; `undefined` if it cannot be put back. */
  of({ life, linked }: Begun, options: Options): Renewal | undefined {
    // What it was told while it was made, such as the time or something random, another one would not be.
    if (!linked || !life.task.isUntouched || linked.instances.some(({ handles }) => !handles.isUnused)) return;
    // What an embedder gives it may know it, and a trace has its name.
    if (options.trace || Object.keys(options.imports ?? {}).length > 0) return;
    const snapshot = Snapshot.of(linked, this.#images);
    this.#images ??= snapshot?.images;
    return snapshot && new Renewal(this.#platform, { life, linked }, snapshot, options);
  }
}

/** Of one instance. */
export class Renewal {
  readonly #platform: Platform;
  readonly #begun: Required<Pick<Begun, "life" | "linked">>;
  readonly #snapshot: Snapshot;
  readonly #options: Options;

  constructor(
    platform: Platform,
    begun: Required<Pick<Begun, "life" | "linked">>,
    snapshot: Snapshot,
    options: Options,
  ) {
    this.#platform = platform;
    this.#begun = begun;
    this.#snapshot = snapshot;
    this.#options = options;
  }

  /** Bytes of memory that the instance holds. */
  get byteLength(): number {
    return this.#snapshot.byteLength;
  }

  /**
   * Once the instance is over: undoes what the guest has changed. Nothing of what it was given is left in it then.
   *
   * @returns Whether that can be.
   */
  putBack(): boolean {
    return this.#begun.linked.renew() && this.#snapshot.putBack(this.#platform.pages?.());
  }

  /**
   * Begins anew, after `putBack`: at once, unless something has to be fetched that it is given.
   *
   * @returns Whether it has begun.
   * @throws As an instance that is made does.
   */
  begin(options: Options): boolean | Promise<boolean> {
    const { limits, leases } = this.#options;
    if (options.limits !== limits || options.leases !== leases || options.trace) return false;
    const grants = grantsOf(this.#platform, options);
    return grants instanceof Promise
      ? grants.then((given) => this.#begin(options, given))
      : this.#begin(options, grants);
  }

  #begin(options: Options, grants: Grants): boolean {
    const isBegun = this.#begun.life.renew(options, grants);
    if (!isBegun) grants.http?.close?.();
    return isBegun;
  }
}
