/**
 * The functions by which components handle tasks, subtasks, streams, futures and threads.
 *
 * @see https://github.com/WebAssembly/component-model/blob/main/design/mvp/CanonicalABI.md#canonical-definitions
 */
import { codecOf } from "../../abi/codec.ts";
import { BLOCKED, ERROR_CONTEXT, errorContext, newErrorContext } from "../../abi/ends.ts";
import type { Guest } from "../../abi/guest.ts";
import { FlatValues, type CoreValue, type Type } from "../../abi/type.ts";
import { CANCELLED, NO_EVENT, SUBTASK, Waitable, WAITABLE_SET, WaitableSet, type Event } from "../../abi/waitable.ts";
import { Trap } from "../../io/trap.ts";
import type { Ungated } from "../../wait/gate.ts";
import { currentThread } from "../../wait/threads.ts";
import { Copies } from "./copies.ts";
import { alone, gated, plain, waits, type BuiltinSite, type Made } from "./functions.ts";
import { GuestCall, waitableSet } from "./lift.ts";
import type { Subtask } from "./lower.ts";
import { threadFunction } from "./threads.ts";
import type { AsyncTrampoline } from "../plan/items.ts";

/** What calls count as that guests may spin on. */
const POLL_COST = 16;

export function asyncBuiltin(builtin: AsyncTrampoline, site: BuiltinSite): Made {
  const { name } = builtin;
  const [of = "", op = ""] = name.split(".");
  if (of === "stream" || of === "future") return new Copies(builtin, of, site).function(op);
  if (of === "thread") return threadFunction(builtin, op, site);
  const { guest, group } = site;
  const { handles } = guest;
  switch (name) {
    case "task.return":
      return plain(site, (...args: CoreValue[]) => taskReturn(builtin, site, args));
    case "task.cancel":
      return plain(site, () => {
        const { call } = currentThread();
        if (!call.form.isAsync) throw new Trap("1.1", "task.cancel is called in a function that is not lifted async");
        call.cancel();
      });
    case "context.get":
      return () => () => {
        const value = currentThread().storage[builtin.slot] ?? 0;
        return builtin.is64 ? BigInt(value) : Number(value);
      };
    case "context.set":
      return () => (value: CoreValue) => {
        currentThread().storage[builtin.slot] = value;
      };
    case "backpressure.inc":
      return () => () => {
        if (++group.backpressure >= 2 ** 16) throw new Trap("1.1", "backpressure.inc is called 65,536 times");
      };
    case "backpressure.dec":
      return () => () => {
        if (--group.backpressure < 0)
          throw new Trap("1.1", "backpressure.dec is called more often than backpressure.inc");
        if (group.backpressure === 0) group.unblock();
      };
    case "waitable-set.new":
      return gated(site, [], "i32", 1, () => handles.own(WAITABLE_SET, new WaitableSet()));
    case "waitable-set.drop":
      return plain(site, (index: number) => {
        const set = waitableSet(guest, index >>> 0);
        set.assertUnused();
        handles.take(WAITABLE_SET, index >>> 0);
      });
    case "waitable-set.wait":
      return waits(
        site,
        ["i32", "i32"],
        (index, pointer) => {
          const set = waitableSet(guest, index);
          return {
            isReady: () => set.hasEvent,
            watch: (again) => void set.waiters.add(again),
            unwatch: (again) => void set.waiters.delete(again),
            result: (isCancelled) => storeEvent(guest, pointer, isCancelled ? CANCELLED : set.takeEvent()),
          };
        },
        builtin.flag,
      );
    case "waitable-set.poll":
      return gated(site, ["i32", "i32"], "i32", POLL_COST, (index = 0, pointer = 0) => {
        const set = waitableSet(guest, index);
        const { call } = currentThread();
        const event = call.deliverPendingCancel(builtin.flag) ? CANCELLED : set.hasEvent ? set.takeEvent() : NO_EVENT;
        if (event === NO_EVENT) site.group.store.task.idle();
        return storeEvent(guest, pointer, event);
      });
    case "waitable.join":
      return gated(site, ["i32", "i32"], "none", 1, (index = 0, set = 0) => {
        waitable(guest, index).join(set === 0 ? undefined : waitableSet(guest, set));
      });
    case "subtask.drop":
      return plain(site, (index: number) => {
        subtaskOf(guest, index >>> 0).drop();
        handles.take(SUBTASK, index >>> 0);
        group.store.calls--;
      });
    case "subtask.cancel":
      return subtaskCancel(builtin, site);
    case "error-context.new":
      return gated(site, ["i32", "i32"], "i32", 1, (pointer = 0, units = 0) => {
        guest.newValues();
        group.store.task.countBytes(units);
        return newErrorContext(guest, guest.text(pointer, units));
      });
    case "error-context.debug-message":
      return gated(site, ["i32", "i32"], "none", 1, (index = 0, pointer = 0) => {
        guest.storeText(guest.place(pointer, 8, 4), errorContext(guest, index));
      });
    case "error-context.drop":
      return plain(site, (index: number) => void handles.take(ERROR_CONTEXT, index >>> 0));
    default:
      throw new Error(`There is no ${name}`);
  }
}

function storeEvent(guest: Guest, pointer: number, [code, about, payload]: Event): number {
  const at = guest.place(pointer, 8, 4);
  guest.view.setUint32(at, about, true);
  guest.view.setUint32(at + 4, payload, true);
  return code;
}

function subtaskOf({ handles }: Guest, index: number): Subtask {
  // Handles of this kind are made for subtasks alone.
  return handles.of(SUBTASK, index).rep as Subtask;
}

function waitable({ handles }: Guest, index: number): Waitable {
  const rep = handles.get(index)?.rep;
  if (rep instanceof Waitable) return rep;
  throw new Trap("1.2", `unknown handle: ${index} is no waitable of this instance`);
}

function taskReturn({ result, optionsKey }: AsyncTrampoline, { same }: BuiltinSite, args: readonly CoreValue[]): void {
  const { call } = currentThread();
  if (!(call instanceof GuestCall) || !call.form.isAsync) {
    throw new Trap("1.1", "task.return is called in a function that is not lifted async");
  }
  if (!same(result, call.form.type.result))
    throw new Trap("1.1", "task.return is given another type than the function returns");
  // What needs no memory may name none.
  if (!call.form.optionsKey.startsWith(optionsKey)) {
    throw new Trap("1.1", "task.return has other options than the function whose result it is given");
  }
  call.return(result && liftResult(call.guest, codecOf(result), args));
}

function liftResult(guest: Guest, codec: Type<unknown>, args: readonly CoreValue[]): unknown {
  guest.newValues();
  return codec.flat
    ? codec.lift(guest, new FlatValues(args))
    : codec.load(guest, guest.place(Number(args[0]), codec.size, codec.align));
}

function subtaskCancel({ flag: isAsync }: AsyncTrampoline, site: BuiltinSite): Ungated {
  const { guest, group } = site;
  const finish = (subtask: Subtask): number => {
    subtask.takeEvent();
    return subtask.state;
  };
  const begin = (index: number): Subtask => {
    const subtask = subtaskOf(guest, index);
    if (subtask.isDelivered) throw new Trap("1.1", "a subtask is cancelled whose result is there");
    if (subtask.isCancelRequested) throw new Trap("1.1", "a subtask is cancelled twice");
    if (subtask.onEvent) throw new Trap("1.1", "a subtask is cancelled while a call waits for it");
    if (subtask.set && !isAsync) throw new Trap("1.1", "a subtask in a waitable set is cancelled synchronously");
    if (!subtask.isResolved) {
      subtask.isCancelRequested = true;
      subtask.started?.cancel(group);
    }
    return subtask;
  };
  if (isAsync) {
    return gated(site, ["i32"], "i32", 1, (index = 0) => {
      const subtask = begin(index);
      return subtask.isResolved ? finish(subtask) : BLOCKED;
    });
  }
  return waits(
    site,
    ["i32"],
    (index) => {
      const subtask = begin(index);
      return {
        isReady: () => subtask.isResolved,
        ...alone(subtask),
        result: () => finish(subtask),
      };
    },
    false,
  );
}
