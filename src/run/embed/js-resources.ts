/** Resources as JavaScript has them: the embedder's own, those that a guest defines, and ours. */
import type { ResourceBinding } from "../../abi/guest.ts";
import type { ResourceType } from "../../abi/handles.ts";
import { Entry, entryOf, Kind } from "../../abi/resources.ts";
import { wrongValue } from "../../abi/type.ts";
import { INPUT_STREAM, OUTPUT_STREAM, addInputStream, addOutputStream } from "../../bind/io.ts";
import type { Instance } from "../../bind/instance.ts";
import { InputStream } from "../../io/input-stream.ts";
import { Outlet } from "../../io/outlet.ts";
import { OutputStream } from "../../io/output-stream.ts";
import { isThenable } from "../../io/shape.ts";
import { newTally } from "../../io/tally.ts";
import { InternalError } from "../../io/trap.ts";
import type { ImportedClass } from "./given-imports.ts";
import type { Platform } from "../platform.ts";
import { GuestSink, GuestSource } from "./guest-streams.ts";

/** A resource of an embedder's class: the guest's handle stands for the object itself. */
export function embedderBinding(name: string, type: ImportedClass | undefined, instance: Instance): ResourceBinding {
  const kind = new Kind<object>(name);
  const { resources } = instance;
  const dispose = (value: object): void => {
    const { [Symbol.dispose]: end } = value as { readonly [Symbol.dispose]?: unknown };
    const later: unknown = typeof end === "function" ? end.call(value) : undefined;
    // No guest waits for it. What it rejects with is told at the end, as what it throws when the instance is over.
    if (isThenable(later)) {
      Promise.resolve(later).catch((fault: unknown) =>
        instance.faults.push(new InternalError(`[resource-drop]${name}`, fault)),
      );
    }
  };
  return {
    type: kind,
    toJs(rep, isOwn) {
      const entry = entryOf(rep);
      if (isOwn) resources.release(entry);
      return entry.value;
    },
    fromJs(value, isOwn) {
      if (typeof value !== "object" || value === null || (type && !(value instanceof type))) {
        return wrongValue(`a resource ${name}, an object of the class that the imports have for it`, value);
      }
      return isOwn ? resources.add(kind, value, () => dispose(value)) : new Entry(resources, 0, kind, value);
    },
    restore: (_, rep) => resources.release(entryOf(rep)),
  };
}

/** Something of ours that JavaScript holds for a guest: it can be given to a guest again, or let go. */
export class HeldResource {
  #entry: Entry | undefined;
  readonly #isOwn: boolean;

  constructor(entry: Entry, isOwn: boolean) {
    this.#entry = entry;
    this.#isOwn = isOwn;
  }

  /** @param isOwn Whether it is given away. @throws {TypeError} If it was before, or is of another kind. */
  static entryOf(held: HeldResource, kind: Kind<unknown>, isOwn: boolean): Entry {
    const entry = held.#entry;
    if (!entry || (isOwn && !held.#isOwn))
      throw new TypeError("the resource is not ours to give: it was given away, or lent");
    if (entry.kind !== kind) throw new TypeError(`expected a resource ${kind.name}, got a resource ${entry.kind.name}`);
    if (isOwn) held.#entry = undefined;
    return entry;
  }

  /** The call is over that it was lent to. */
  static end(held: HeldResource): void {
    held.#entry = undefined;
  }

  /** It was not given away after all. */
  static restore(held: HeldResource, entry: Entry): void {
    held.#entry = entry;
  }

  [Symbol.dispose](): void {
    if (this.#isOwn) this.#entry?.drop();
    this.#entry = undefined;
  }
}

/** A resource type of a WASI interface of ours. */
export function hostBinding(kind: Kind<unknown>, instance: Instance, platform: Platform): ResourceBinding {
  return {
    type: kind,
    toJs(rep, isOwn) {
      const entry = entryOf(rep);
      if (kind === INPUT_STREAM && entry.value instanceof InputStream)
        return new GuestSource(entry, entry.value, isOwn);
      if (kind === OUTPUT_STREAM && entry.value instanceof OutputStream)
        return new GuestSink(entry, entry.value, isOwn);
      return new HeldResource(entry, isOwn);
    },
    fromJs(value, isOwn) {
      if (value instanceof GuestSource && kind === INPUT_STREAM) return GuestSource.entryOf(value, isOwn);
      if (value instanceof GuestSink && kind === OUTPUT_STREAM) return GuestSink.entryOf(value, isOwn);
      if (value instanceof HeldResource) return HeldResource.entryOf(value, kind, isOwn);
      if (kind === INPUT_STREAM) return openedInput(value, instance, platform);
      if (kind === OUTPUT_STREAM) return openedOutput(value, instance, platform);
      return wrongValue(`a resource ${kind.name}, as a guest has given it`, value);
    },
    lend(value, rep) {
      if (value instanceof GuestSource || value instanceof GuestSink || value instanceof HeldResource) return undefined;
      // A stream of the embedder's that was made for this call. What the guest has made of it may need it until its end.
      const entry = entryOf(rep);
      return () => {
        try {
          if (entry.children === 0) entry.drop();
        } catch (fault) {
          instance.faults.push(fault);
        }
      };
    },
    end(value) {
      if (value instanceof GuestSource) GuestSource.end(value);
      else if (value instanceof GuestSink) GuestSink.end(value);
      else if (value instanceof HeldResource) HeldResource.end(value);
    },
    restore(value, rep) {
      const entry = entryOf(rep);
      if (value instanceof GuestSource) GuestSource.restore(value, entry);
      else if (value instanceof GuestSink) GuestSink.restore(value, entry);
      else if (value instanceof HeldResource) HeldResource.restore(value, entry);
      // A stream of the embedder's is the guest's from the call on, and ended when the guest does not want it.
      else entry.drop();
    },
  };
}

function openedInput(value: unknown, instance: Instance, platform: Platform): Entry {
  const source = platform.source(value, "the input-stream");
  const stream = new InputStream(source, instance.world.limits.readBytes, newTally(), () => source.close());
  return addInputStream(instance, stream);
}

function openedOutput(value: unknown, instance: Instance, platform: Platform): Entry {
  const { limits, permits } = instance.world;
  const outlet = new Outlet(platform.sink(value, "the output-stream"), limits.bufferBytes);
  instance.outlets.set(outlet, undefined);
  const stream = new OutputStream(outlet, permits, () => instance.finish(outlet));
  return addOutputStream(instance, stream);
}

/** What stands for a resource of a guest's in JavaScript: an instance of a class that is made for its type. */
export class GuestResource {
  #rep: number | undefined;
  readonly #type: ResourceType;
  readonly #isOwn: boolean;
  /** How many calls it is lent to now. */
  #lends = 0;
  /** Disposed of meanwhile: what is done when it is back. */
  #whenBack: (() => void) | undefined;

  constructor(type: ResourceType, rep: number, isOwn: boolean) {
    this.#type = type;
    this.#rep = rep;
    this.#isOwn = isOwn;
  }

  /** @throws {TypeError} If it stands for nothing any more, or for something else. */
  static repOf(value: unknown, type: ResourceType, isOwn: boolean): number {
    if (typeof value !== "object" || value === null || !(#type in value)) {
      return wrongValue(`a resource ${type.name || "of this guest"}`, value);
    }
    if (value.#type !== type) {
      const got = value.#type.name === type.name ? "that of another instance" : `a resource ${value.#type.name}`;
      throw new TypeError(`expected a resource ${type.name} of this instance, got ${got}`);
    }
    const rep = value.#rep;
    if (rep === undefined) {
      const reason = value.#isOwn ? "has been given away, or disposed of" : "was lent for a call that is over";
      throw new TypeError(`the resource ${type.name} ${reason}`);
    }
    if (!isOwn) return rep;
    if (!value.#isOwn || value.#lends > 0) {
      throw new TypeError(`the resource ${type.name} is lent: it cannot be given away`);
    }
    value.#rep = undefined;
    return rep;
  }

  /** It was not given away after all. */
  static restore(value: GuestResource, rep: number): void {
    value.#rep = rep;
  }

  /** A call begins that it is lent to. Gives what to do when it is over. */
  static lend(value: GuestResource): () => void {
    value.#lends++;
    return () => {
      value.#lends--;
      if (value.#lends === 0) value.#whenBack?.();
    };
  }

  /** The call is over that a guest has lent it to. */
  static end(value: GuestResource): void {
    value.#rep = undefined;
  }

  /** It stands for nothing from now on. What it stood for is destroyed, but not while it is lent to a call. */
  static dispose(value: GuestResource, destroy: (rep: number) => void): void {
    const rep = value.#isOwn ? value.#rep : undefined;
    value.#rep = undefined;
    if (rep === undefined) return;
    if (value.#lends === 0) destroy(rep);
    else value.#whenBack = () => destroy(rep);
  }
}

/** A resource type that a guest defines. @param prototype Has its methods, once they are known. */
export function guestBinding(type: ResourceType, prototype: () => object | undefined): ResourceBinding {
  return {
    type,
    toJs(rep, isOwn) {
      const value = new GuestResource(type, Number(rep), isOwn);
      const known = prototype();
      return known ? Object.setPrototypeOf(value, known) : value;
    },
    fromJs: (value, isOwn) => GuestResource.repOf(value, type, isOwn),
    // Each as `fromJs` and `toJs` have seen it.
    lend: (value) => GuestResource.lend(value as GuestResource),
    end: (value) => GuestResource.end(value as GuestResource),
    restore: (value, rep) => GuestResource.restore(value as GuestResource, Number(rep)),
  };
}
