/**
 * Shorter ways to what `bind/io.ts` says: a lookup and a few stores, without the general way's arrays, closures and
 * generators, which cost about ten times as much (`npm run bench calls`). `test/wait/lease.test.ts` plays both.
 */
import { assertPollables, pollNow as pollAll } from "../io/poll.ts";
import type { Kind } from "../abi/resources.ts";
import type { CoreValue } from "../abi/type.ts";
import type { Returns } from "../abi/returns.ts";
import type { Guest } from "../abi/guest.ts";
import type { InputStream } from "../io/input-stream.ts";
import type { OutputStream } from "../io/output-stream.ts";
import { AnyOf, type Readiness } from "../io/readiness.ts";
import type { CoreFunction } from "../wait/gate.ts";
import type { Ends } from "../wait/drive.ts";
import type { Fast } from "./definition.ts";
import type { Site } from "./lower.ts";

/** Stores the error case that `failure` stands for. Rethrows what is none. */
function storeFailure<T>(guest: Guest, returns: Returns<T>, at: number, failure: unknown): number {
  returns.store(guest, at, returns.caught(failure, guest.resources));
  return 0;
}

/** A pollable on a stream, which has to be dropped before it. */
export function subscribe(kind: Kind<Readiness>, pollable: Kind<Readiness>): Fast {
  return ({ instance, task, guest }) => {
    return function subscribeNow(handle: number): number {
      if (task.mustGiveWay()) return task.pendRetry(subscribeNow, [handle]);
      const entry = guest.lookup(kind, handle);
      return guest.insert(instance.resources.add(pollable, entry.value as Readiness, undefined, entry));
    };
  };
}

export function ready(kind: Kind<Readiness>): Fast {
  return ({ task, guest, lease }) => {
    return function readyNow(handle: number): number {
      if (task.mustGiveWay()) return task.pendRetry(readyNow, [handle]);
      const pollable = guest.value(kind, handle);
      if (!pollable.ready()) {
        task.idle();
        return 0;
      }
      lease?.ready(handle, pollable);
      return 1;
    };
  };
}

export function block(kind: Kind<Readiness>): Fast {
  return (site) => {
    const { task, guest, lease } = site;
    const ends: Ends<Readiness, true, CoreValue | undefined> = {
      deliver: () => 0,
      deliverError: (_, reason) => site.deliverError([], reason),
    };
    return function blockNow(handle: number) {
      if (task.mustGiveWay()) return task.pendRetry(blockNow, [handle]);
      const pollable = guest.value(kind, handle);
      if (!pollable.ready()) return task.pendFor(pollable, isReady, ends, pollable);
      lease?.ready(handle, pollable);
      return 0;
    };
  };
}

const isReady = (pollable: Readiness): true | undefined => pollable.ready() || undefined;

const positionsOf = ([list]: readonly [list: readonly Readiness[], at: number]): number[] | undefined => pollAll(list);

/** Reads the list in place, and allocates for the guest only what the result takes. */
export function poll(kind: Kind<Readiness>): Fast {
  return (site) => {
    const { instance, task, guest, lease } = site;
    const positions: number[] = [];
    /** Finds the ready ones of `count` handles at `start`, as `pollNow` does, and says how many they are. */
    function readyOf(start: number, count: number): number {
      let found = 0;
      const { view } = guest;
      for (let position = 0; position < count; position++) {
        const handle = view.getUint32(start + position * 4, true);
        const pollable = guest.settled(kind, handle);
        if (!pollable.ready()) continue;
        positions[found++] = position;
        if (count === 1) lease?.ready(handle, pollable);
      }
      return found;
    }
    return function pollNow(pointer: number, count: number, at: number) {
      if (task.mustGiveWay()) return task.pendRetry(pollNow, [pointer, count, at]);
      const start = guest.place(pointer, (count >>> 0) * 4, 4);
      assertPollables(count >>> 0, instance.world.limits.pollables);
      task.countCalls((count >>> 0) >> 3);
      const { timers } = instance;
      guest.resources.settle();
      timers.hold();
      let found;
      try {
        found = readyOf(start, count >>> 0);
      } finally {
        timers.release();
      }
      if (found === 0) {
        const list: Readiness[] = [];
        while (list.length < count) list.push(guest.settled(kind, guest.view.getUint32(start + list.length * 4, true)));
        return task.pendFor(new AnyOf(list), positionsOf, site, [list, at]);
      }
      guest.storeU32s(guest.place(at, 8, 4), positions, found);
      return 0;
    };
  };
}

/** Copies what is there straight into the guest's memory. */
export function read(kind: Kind<InputStream>, returns: Returns<Uint8Array>): Fast {
  return ({ task, guest }) => {
    return function readNow(handle: number, max: number, at: number): number {
      if (task.mustGiveWay()) return task.pendRetry(readNow, [handle, max, at]);
      const stream = guest.value(kind, handle);
      const place = guest.place(at, 12, 4);
      let taken;
      try {
        taken = stream.read(max, false);
      } catch (failure) {
        return storeFailure(guest, returns, place, failure);
      }
      if (taken.length === 0) task.idle();
      return storeRead(guest, place, taken);
    };
  };
}

export function blockingRead(kind: Kind<InputStream>, returns: Returns<Uint8Array>): Fast {
  return (site) => {
    const { task, guest } = site;
    const ends: Ends<LaterRead, Uint8Array, CoreValue | undefined> = {
      deliver: ({ at }, taken) => storeRead(guest, guest.place(at, 12, 4), taken),
      deliverError: ({ at }, reason) => site.deliverError([at], reason),
    };
    return function blockingReadNow(handle: number, max: number, at: number) {
      if (task.mustGiveWay()) return task.pendRetry(blockingReadNow, [handle, max, at]);
      const stream = guest.value(kind, handle);
      const place = guest.place(at, 12, 4);
      let taken;
      try {
        taken = stream.read(max, max > 0);
      } catch (failure) {
        return storeFailure(guest, returns, place, failure);
      }
      if (taken.length > 0) return storeRead(guest, place, taken);
      try {
        taken = stream.readLater(max);
      } catch (failure) {
        return storeFailure(guest, returns, place, failure);
      }
      return taken ? storeRead(guest, place, taken) : task.pendFor(stream, readLater, ends, { stream, max, at });
    };
  };
}

const readLater = ({ stream, max }: LaterRead): Uint8Array | undefined => stream.readLater(max);

/** A read that waits: of what, how much, and where the guest is told. */
interface LaterRead {
  readonly stream: InputStream;
  readonly max: number;
  readonly at: number;
}

/**
 * The guest makes room for exactly what there is: it may take back no part of it, and the allocators of adapters refuse to. So
 * a source cannot be asked to put it there itself (`Source.readInto`).
 */
function storeRead(guest: Guest, place: number, taken: Uint8Array): number {
  guest.storeBytes(place + 4, taken);
  guest.view.setUint8(place, 0);
  return 0;
}

export function checkWrite(kind: Kind<OutputStream>, returns: Returns<number>): Fast {
  return ({ task, guest, lease }) => {
    return function checkWriteNow(handle: number, at: number): number {
      if (task.mustGiveWay()) return task.pendRetry(checkWriteNow, [handle, at]);
      const stream = guest.value(kind, handle);
      const place = guest.place(at, 16, 8);
      let permitted;
      try {
        permitted = stream.checkWrite();
      } catch (failure) {
        return storeFailure(guest, returns, place, failure);
      }
      if (permitted === 0) task.idle();
      else lease?.granted(handle, stream);
      const { view } = guest;
      view.setUint8(place, 0);
      // Two halves, since a u64 as a bigint is allocated.
      view.setUint32(place + 8, permitted, true);
      view.setUint32(place + 12, permitted / 0x1_0000_0000, true);
      return 0;
    };
  };
}

/** The sink is given the guest's own memory: nothing is copied that it takes at once. */
export function write(kind: Kind<OutputStream>, returns: Returns<void>): Fast {
  return ({ task, guest }) => {
    return function writeNow(handle: number, pointer: number, count: number, at: number): number {
      if (task.mustGiveWay()) return task.pendRetry(writeNow, [handle, pointer, count, at]);
      const stream = guest.value(kind, handle);
      const place = guest.place(at, 12, 4);
      const contents = guest.bytes(pointer, count);
      try {
        stream.write(contents);
      } catch (failure) {
        return storeFailure(guest, returns, place, failure);
      }
      guest.view.setUint8(place, 0);
      return 0;
    };
  };
}

export function blockingFlush(kind: Kind<OutputStream>, returns: Returns<void>): Fast {
  return (site) => {
    const { task, guest } = site;
    return function blockingFlushNow(handle: number, at: number) {
      if (task.mustGiveWay()) return task.pendRetry(blockingFlushNow, [handle, at]);
      const stream = guest.value(kind, handle);
      const place = guest.place(at, 12, 4);
      try {
        const rest = stream.flushOrWait();
        if (rest) return site.suspend(rest, [handle, at]);
      } catch (failure) {
        return storeFailure(guest, returns, place, failure);
      }
      guest.view.setUint8(place, 0);
      return 0;
    };
  };
}

export function writeAndFlush(kind: Kind<OutputStream>, returns: Returns<void>): Fast {
  return (site: Site): CoreFunction => {
    const { task, guest } = site;
    return function writeAndFlushNow(handle: number, pointer: number, count: number, at: number) {
      if (task.mustGiveWay()) return task.pendRetry(writeAndFlushNow, [handle, pointer, count, at]);
      const stream = guest.value(kind, handle);
      const place = guest.place(at, 12, 4);
      try {
        const rest = stream.writeAndFlush(guest.bytes(pointer, count));
        if (rest) return site.suspend(rest, [handle, pointer, count, at]);
      } catch (failure) {
        return storeFailure(guest, returns, place, failure);
      }
      guest.view.setUint8(place, 0);
      return 0;
    };
  };
}
