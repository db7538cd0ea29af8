/** The instances that answer requests: made, used, used again, and put back to what they were. */
import { Roster, type Listed } from "../../io/roster.ts";
import type { CompiledComponent } from "../component.ts";
import { KnownGrants } from "../network-grants.ts";
import { begin, type Begun } from "../instantiate.ts";
import type { Levels } from "../life.ts";
import type { InstanceOptions } from "../options.ts";
import type { Platform } from "../platform.ts";
import { pluggedIn, type Plug, type Plugs } from "../plugs.ts";
import { Idle } from "./idle.ts";
import { Renewals, type Renewal } from "./renewal.ts";

type Options = InstanceOptions<unknown, unknown>;

/** Memory of instances that wait to begin anew: of more than one no more than this. */
const SPARE_BYTES = 128 * 1024 * 1024;

/** Why most instances are over. One for all: to note where it was made takes as long as all else of an end. */
const ANSWERED = new Error("the request is answered");

/** An instance that is ready for a request. */
export interface Ready<Handle> extends Listed {
  readonly begun: Begun;
  readonly handle: Handle;
  readonly renewal: Renewal | undefined;
  /** What it imports, and is nobody else's: they end after it. */
  readonly plugs: Plugs | undefined;
  /** Requests that it has answered since it was made, or has begun anew. */
  uses: number;
}

/**
 * Asked for each instance, and then at once for each that is plugged into it. What it gives makes sense, and limits no time.
 *
 * @param isPlug Whether it is for one that is plugged in.
 */
export type OptionsOf = (isPlug: boolean) => Options;

/** What instances are made of. */
export interface Making<Handle> {
  readonly component: CompiledComponent;
  /** See `OptionsOf`. */
  readonly optionsOf: OptionsOf;
  /** Components that each instance has instances of for itself, and imports what they export. */
  readonly plugs: readonly Plug[];
  /** What answers, of an instance. @throws If nothing does. */
  readonly handlerOf: (begun: Begun) => Handle;
  /** Requests that one answers. */
  readonly reuse: number;
  /** Milliseconds for each request. */
  readonly timeout: number | undefined;
  /** See `ServingOptions`. */
  readonly maxIdleTime?: number | undefined;
}

type Spare<Handle> = Ready<Handle> & { readonly renewal: Renewal };

/** Instances of one component. */
export class Pool<Handle> {
  readonly #platform: Platform;
  readonly #making: Making<Handle>;
  readonly #renewals: Renewals;
  /** They live, and know what they have answered. */
  readonly #idle: Idle<Ready<Handle>>;
  /** They are over, and know nothing. */
  readonly #spare: Idle<Spare<Handle>>;
  #spareBytes = 0;
  /** Of those that have a request, or deliver what they wrote for one. */
  readonly #busy = new Roster<Ready<Handle>>();

  constructor(platform: Platform, making: Making<Handle>) {
    this.#platform = { ...platform, known: new KnownGrants() };
    this.#making = making;
    this.#renewals = new Renewals(this.#platform);
    const { monotonicClock } = platform;
    this.#idle = new Idle(monotonicClock, making.maxIdleTime, (ready) => this.giveUp(ready));
    this.#spare = new Idle(monotonicClock, making.maxIdleTime, ({ renewal }) => {
      this.#spareBytes -= renewal.byteLength;
    });
  }

  /** One for the next request. @throws What keeps it from being made. */
  take(): Ready<Handle> | Promise<Ready<Handle>> {
    const taken = this.#takeIdle() ?? this.#takeSpare() ?? this.#make(this.#making.optionsOf(false));
    return taken instanceof Promise ? taken.then((ready) => this.#begun(ready)) : this.#begun(taken);
  }

  #begun(ready: Ready<Handle>): Ready<Handle> {
    this.#busy.add(ready);
    return ready;
  }

  /** What the outputs of those that are taken are doing now. */
  levels(): Levels[] {
    return this.#busy.members.map(({ begun }) => begun.life.levels());
  }

  /** It is over, or is to be. Never rejects: what it leaves has been told. */
  async giveUp(ready: Ready<Handle>): Promise<void> {
    await ready.begun.life.close().catch(() => {});
    await ready.plugs?.close().catch(() => {});
    this.#busy.delete(ready);
  }

  /**
   * It has answered, without a fault. Nothing if it is ready for the next request; else its output is yet to be delivered.
   *
   * @throws What its streams throw in the end.
   */
  giveBack(ready: Ready<Handle>): Promise<void> | undefined {
    ready.uses++;
    // One whose ports have misbehaved is over: that is told at its end.
    const { life } = ready.begun;
    if (ready.uses >= this.#making.reuse || life.instance.faults.length > 0) return this.#end(ready);
    this.#busy.delete(ready);
    this.#idle.add(ready);
    return undefined;
  }

  #end(ready: Ready<Handle>): Promise<void> | undefined {
    const { life } = ready.begun;
    const ended = life.end(ANSWERED);
    // Mostly nothing of it is left.
    if (!life.isOver || ready.plugs) return this.#endLater(ready, ended);
    this.#busy.delete(ready);
    this.#spareIf(ready);
    return undefined;
  }

  async #endLater(ready: Ready<Handle>, ended: Promise<void>): Promise<void> {
    try {
      await ended;
    } finally {
      await ready.plugs?.close();
      this.#busy.delete(ready);
    }
    this.#spareIf(ready);
  }

  /** Keeps what can begin anew. */
  #spareIf(ready: Ready<Handle>): void {
    const { renewal } = ready;
    if (!renewal || !this.#hasRoom(renewal.byteLength) || !renewal.putBack()) return;
    this.#spareBytes += renewal.byteLength;
    this.#spare.add(ready as Spare<Handle>);
  }

  #hasRoom(bytes: number): boolean {
    return this.#spare.size === 0 || this.#spareBytes + bytes <= SPARE_BYTES;
  }

  /** No instance is left. Never rejects. */
  async close(): Promise<void> {
    await Promise.all([this.#idle.close(), this.#spare.close()]);
  }

  /** An instance that has answered before, if one waits that still lives. */
  #takeIdle(): Ready<Handle> | undefined {
    let ready = this.#idle.take();
    while (ready?.begun.life.task.isEnded === true) {
      void ready.plugs?.close().catch(() => {});
      ready = this.#idle.take();
    }
    // Each request comes with a turn of the event loop: a guest that is always asked does not have to give way for that.
    ready?.begun.life.task.beginTurn();
    return ready;
  }

  /** One that begins anew, if one waits. */
  #takeSpare(): Ready<Handle> | Promise<Ready<Handle>> | undefined {
    const spare = this.#spare.take();
    if (!spare) return undefined;
    this.#spareBytes -= spare.renewal.byteLength;
    const options = this.#making.optionsOf(false);
    const begun = spare.renewal.begin(options);
    spare.uses = 0;
    if (typeof begun === "boolean") return begun ? spare : this.#make(options);
    return begun.then((isBegun) => (isBegun ? spare : this.#make(options)));
  }

  async #make(options: Options): Promise<Ready<Handle>> {
    const { component, handlerOf, optionsOf, plugs: all } = this.#making;
    // Nobody else asks for options in between.
    const plugs =
      all.length > 0
        ? await pluggedIn(
            this.#platform,
            all,
            all.map(() => optionsOf(true)),
          )
        : undefined;
    const given = plugs ? { ...options, imports: plugs.importsWith(options.imports) } : options;
    let begun: Begun | undefined;
    try {
      begun = await begin(this.#platform, component, given);
      const handle = handlerOf(begun);
      // What is plugged in knows what it was asked before.
      return {
        begun,
        handle,
        renewal: plugs ? undefined : this.#renewals.of(begun, options),
        plugs,
        uses: 0,
        place: -1,
      };
    } catch (error) {
      await begun?.life.close();
      await plugs?.close().catch(() => {});
      throw error;
    }
  }
}
