/** The functions of streams and futures. */
import { codecOf } from "../../abi/codec.ts";
import { COPY, SharedFuture, SharedStream } from "../../abi/copy.ts";
import { elementOf } from "../../abi/element.ts";
import { beginCopy, BLOCKED, CopyEnd, END_KINDS, endOf, type EndKind } from "../../abi/ends.ts";
import { Trap } from "../../io/trap.ts";
import type { CoreFunction, Ungated } from "../../wait/gate.ts";
import { alone, gated, plain, waits, type BuiltinSite, type Made, type WaitPlan } from "./functions.ts";
import type { AsyncTrampoline } from "../plan/items.ts";

/** The functions of one stream or future type. */
export class Copies {
  readonly #builtin: AsyncTrampoline;
  readonly #is: "stream" | "future";
  readonly #site: BuiltinSite;

  constructor(builtin: AsyncTrampoline, is: "stream" | "future", site: BuiltinSite) {
    this.#builtin = builtin;
    this.#is = is;
    this.#site = site;
  }

  function(op: string): Made {
    switch (op) {
      case "new":
        return gated(this.#site, [], "i64", 1, () => this.#new());
      case "read":
      case "write":
        return this.#copy(this.#end(op));
      case "cancel-read":
        return this.#cancel(this.#end("read"));
      case "cancel-write":
        return this.#cancel(this.#end("write"));
      case "drop-readable":
        return this.#drop(this.#end("read"));
      case "drop-writable":
        return this.#drop(this.#end("write"));
      default:
        throw new Error(`There is no ${this.#is}.${op}`);
    }
  }

  #end(op: "read" | "write"): EndKind {
    return END_KINDS[`${this.#is}.${op}`];
  }

  #new(): bigint {
    const { element } = this.#builtin;
    const { handles } = this.#site.guest;
    const carried = elementOf(element && codecOf(element));
    const shared = this.#is === "stream" ? new SharedStream(carried) : new SharedFuture(carried);
    const readable = handles.own(this.#end("read").table, new CopyEnd(this.#end("read"), shared));
    const writable = handles.own(this.#end("write").table, new CopyEnd(this.#end("write"), shared));
    return BigInt(readable) | (BigInt(writable) << 32n);
  }

  #held(end: EndKind, index: number): CopyEnd {
    const held = endOf(this.#site.guest.handles, end, index);
    if (!this.#site.same(held.shared.element.type, this.#builtin.element)) {
      throw new Trap("1.1", `a ${this.#is} is used as one of another type`);
    }
    return held;
  }

  #copy(end: EndKind): Ungated {
    const { guest, group } = this.#site;
    const { element, isAsync } = this.#builtin;
    const carried = elementOf(element && codecOf(element));
    const params = this.#is === "stream" ? (["i32", "i32", "i32"] as const) : (["i32", "i32"] as const);
    const begin = (index: number, pointer: number, length = 1): CopyEnd => {
      const held = this.#held(end, index);
      if (held.set && !isAsync) throw new Trap("1.1", `a ${end.table.name} in a waitable set is used synchronously`);
      group.store.task.countBytes(length * carried.size);
      const isAlone = !isAsync && group.store.isAlone;
      beginCopy(guest, carried, held, { index, pointer, length, owner: group, waits: isAlone });
      return held;
    };
    if (isAsync) {
      return gated(this.#site, params, "i32", 1, (index = 0, pointer = 0, length = 1) => {
        const held = begin(index, pointer, length);
        return held.hasEvent ? held.takeEvent()[2] : BLOCKED;
      });
    }
    return waits(
      this.#site,
      params,
      (index = 0, pointer = 0, length = 1) => {
        const held = begin(index, pointer, length);
        return held.hasEvent ? held.takeEvent()[2] : this.#finished(held);
      },
      false,
    );
  }

  #finished(held: CopyEnd): WaitPlan {
    return { isReady: () => held.hasEvent, ...alone(held), result: () => held.takeEvent()[2] };
  }

  #cancel(end: EndKind): Ungated {
    const { flag: isAsync } = this.#builtin;
    const begin = (index: number): CopyEnd => {
      const held = this.#held(end, index);
      if (held.state !== "copying" || held.onEvent)
        throw new Trap("1.1", `a copy of a ${end.table.name} is cancelled, and there is none`);
      if (held.set && !isAsync)
        throw new Trap("1.1", `a copy is cancelled synchronously of a ${end.table.name} in a waitable set`);
      held.state = "cancelling";
      if (!held.hasEvent) held.shared.cancel();
      return held;
    };
    const cancelled = (held: CopyEnd): number => {
      const payload = held.takeEvent()[2];
      // What is told as complete has more to come, which does not.
      return end.isStream && (payload & 0xf) === COPY.completed ? payload | COPY.cancelled : payload;
    };
    if (!isAsync) {
      const plan = (held: CopyEnd): WaitPlan => ({ ...this.#finished(held), result: () => cancelled(held) });
      return waits(this.#site, ["i32"], (index) => plan(begin(index)), false);
    }
    return gated(this.#site, ["i32"], "i32", 1, (index = 0) => {
      const held = begin(index);
      return held.hasEvent ? cancelled(held) : BLOCKED;
    });
  }

  #drop(end: EndKind): () => CoreFunction {
    const { handles } = this.#site.guest;
    return plain(this.#site, (index: number) => {
      this.#held(end, index >>> 0).drop();
      handles.take(end.table, index >>> 0);
    });
  }
}
