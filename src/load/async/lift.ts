/**
 * Calls of functions that components export, as tasks of the asynchronous ABI: many at once in one instance.
 *
 * @see https://github.com/WebAssembly/component-model/blob/main/design/mvp/CanonicalABI.md#canon-lift
 */
import { codecOf } from "../../abi/codec.ts";
import type { CoreType } from "../../abi/encode.ts";
import type { Guest } from "../../abi/guest.ts";
import { signatureOf, type CoreSignature } from "../../abi/signature.ts";
import { Params } from "../../abi/params.ts";
import { FlatValues, type CoreValue, type Type } from "../../abi/type.ts";
import type { FuncType } from "../../abi/types.ts";
import { CANCELLED, NO_EVENT, WAITABLE_SET, type Event, type WaitableSet } from "../../abi/waitable.ts";
import { Trap } from "../../io/trap.ts";
import type { OnResolve, OnStart, Started } from "../../wait/callee.ts";
import type { Store, Wait } from "../../wait/store.ts";
import { Call, currentThread, type CallForm, type ThreadGroup } from "../../wait/threads.ts";
import { optionsKey } from "../plan/options-key.ts";
import { makeEntry, runThread, type Entry } from "../link/entry.ts";
import type { FuncItem } from "../plan/items.ts";
import type { Linked } from "../link/link.ts";

/** A call and the guest that its values are of. */
export class GuestCall extends Call {
  readonly guest: Guest;

  constructor(guest: Guest, ...rest: ConstructorParameters<typeof Call>) {
    super(...rest);
    this.guest = guest;
  }
}

/** What callbacks return: what they want next. */
const NEXT = { exit: 0, yield: 1, wait: 2 } as const;

/** One exported function of one running component. */
export class AsyncLifted {
  readonly #linked: Linked;
  readonly #func: FuncItem & { readonly is: "lifted" };
  readonly #guest: Guest;
  readonly #group: ThreadGroup;
  readonly #params: Params;
  readonly #result: Type<unknown> | undefined;
  readonly #signature: CoreSignature;
  readonly #form: CallForm;
  #entry: Entry | undefined;
  #callback: Entry | undefined;

  /** @param guest As callers see it: its streams and resources as what these expect. */
  constructor(linked: Linked, lifted: FuncItem & { readonly is: "lifted" }, guest: Guest) {
    const { type, instance, options } = lifted;
    this.#linked = linked;
    this.#func = lifted;
    this.#guest = guest;
    this.#group = linked.group(instance);
    this.#params = new Params(type);
    this.#result = type.result && codecOf(type.result);
    this.#signature = signatureOf(type, "lift");
    this.#form = {
      type,
      isAsync: options.async,
      hasCallback: options.callback !== undefined,
      optionsKey: optionsKey(options),
    };
  }

  get store(): Store {
    return this.#group.store;
  }

  get type(): FuncType {
    return this.#func.type;
  }

  /**
   * Begins a call. What goes wrong in the guest ends it (`Linked.fail`).
   *
   * @param caller Who calls it, if that is a component.
   * @param onMistake Told what is wrong with the arguments, if something is: the call is over then, and the guest has not seen it.
   * @param onExit Told when the guest does no more for the call, which may be long after it has returned: neither this component nor
   *   another one of its store that was called for it.
   * @throws {Trap} If the component may not be entered.
   */
  start(
    onStart: OnStart,
    onResolve: OnResolve,
    caller: ThreadGroup | undefined,
    onMistake?: (error: unknown) => void,
    onExit?: () => void,
  ): Started {
    for (const { instance } of this.#group.entered(caller)) {
      if (instance.mayEnter.value === 0)
        throw new Trap("1.1", "cannot enter component instance: it is in the middle of a call");
    }
    const beginner = caller?.store === this.store ? currentThread().call : undefined;
    const call = new GuestCall(this.#guest, this.#form, this.#group, onResolve, beginner);
    call.onExit = onExit;
    new Running(this, call, onStart, onMistake).begin(caller);
    return { cancel: (by) => call.requestCancellation(by) };
  }

  entry(): Entry {
    const { core, options } = this.#func;
    const results: readonly CoreType[] = options.async ? (options.callback ? ["i32"] : []) : this.#signature.results;
    return (this.#entry ??= makeEntry(this.#linked.coreFunction(core), this.#signature.params, results));
  }

  callback(): Entry {
    const { callback } = this.#func.options;
    if (!callback) throw new Error("There is no callback");
    return (this.#callback ??= makeEntry(this.#linked.coreFunction(callback), ["i32", "i32", "i32"], ["i32"]));
  }

  /** @throws As `Params.lower` does. */
  lower(call: GuestCall, values: readonly unknown[]): CoreValue[] {
    this.#guest.scope = call;
    return this.#params.lower(this.#guest, values);
  }

  /** Whether it is the guest itself, in its allocator, that `lower` has failed in. */
  get hasFailed(): boolean {
    return this.#guest.isAllocating;
  }

  /** What a function that is lifted synchronously returned. */
  lift(results: readonly unknown[]): unknown {
    const guest = this.#guest;
    guest.newValues();
    if (!this.#result) return undefined;
    if (!this.#signature.stored) return this.#result.lift(guest, new FlatValues(results));
    return this.#result.load(guest, guest.place(Number(results[0]), this.#result.size, this.#result.align));
  }

  /** Lets a function that is lifted synchronously clean up. */
  cleanUp(results: readonly unknown[]): void {
    const { postReturn } = this.#func.options;
    if (!postReturn) return;
    const { mayLeave } = this.#linked.instance(this.#func.instance);
    mayLeave.value = 0;
    this.#linked.coreFunction(postReturn)(...(results as never[]));
    mayLeave.value = 1;
  }

  /** The guest has failed: that ends all of it. */
  fail(error: unknown): void {
    this.#linked.fail(error);
  }

  get isAsync(): boolean {
    return this.#func.options.async;
  }

  get hasCallback(): boolean {
    return this.#func.options.callback !== undefined;
  }
}

/** One call on its way. */
class Running {
  readonly #lifted: AsyncLifted;
  readonly #call: GuestCall;
  readonly #onStart: OnStart;
  readonly #onMistake: ((error: unknown) => void) | undefined;

  constructor(lifted: AsyncLifted, call: GuestCall, onStart: OnStart, onMistake?: (error: unknown) => void) {
    this.#lifted = lifted;
    this.#call = call;
    this.#onStart = onStart;
    this.#onMistake = onMistake;
  }

  begin(caller: ThreadGroup | undefined): void {
    const call = this.#call;
    const { group, implicit: thread } = call;
    if (!call.form.type.async || (!call.isBlocked && group.entering === 0)) {
      this.#enter(caller);
      return;
    }
    group.entering++;
    this.#wait({
      isReady: () => {
        if (!call.isBlocked) return true;
        group.block(wait);
        return false;
      },
      resume: (isCancelled) => {
        group.entering--;
        if (isCancelled) this.#guarded(() => call.cancel());
        else this.#enter(undefined);
        group.unblock();
      },
    });
    const { wait } = thread as { readonly wait: Wait };
    if (call.isBlocked) group.block(wait);
    else group.store.enqueue(wait);
  }

  #wait({ isReady, resume }: Pick<Wait, "isReady" | "resume">): Wait {
    const { implicit: thread, group } = this.#call;
    const wait: Wait = {
      thread,
      cancellable: true,
      isReady,
      isOutside: false,
      resume,
      fail: () => {},
      isOver: false,
      place: -1,
    };
    group.store.wait(wait);
    return wait;
  }

  #enter(caller: ThreadGroup | undefined): void {
    const call = this.#call;
    if (call.needsExclusive) call.group.exclusive = call.implicit;
    if (!call.form.type.async) call.group.store.enterSync(call, (error) => this.#lifted.fail(error));
    call.register(call.implicit);
    let flat: CoreValue[];
    try {
      call.state = "started";
      flat = this.#lifted.lower(call, this.#onStart());
    } catch (error) {
      if (this.#lifted.hasFailed || !this.#onMistake) return this.#lifted.fail(error);
      call.state = "resolved";
      call.group.store.leaveSync(call);
      this.#exit();
      return this.#onMistake(error);
    }
    this.#run(this.#lifted.entry(), flat, caller);
    if (!call.form.type.async && !call.isResolved) call.group.store.begun();
  }

  /** Calls the guest; goes on when it has returned. */
  #run(entry: Entry, args: readonly CoreValue[], caller: ThreadGroup | undefined): void {
    const { implicit: thread } = this.#call;
    runThread(
      thread,
      entry,
      args,
      caller,
      (results) => this.#returned(results),
      (error) => this.#lifted.fail(error),
    );
  }

  #returned(results: readonly unknown[]): void {
    const call = this.#call;
    const lifted = this.#lifted;
    if (lifted.hasCallback) {
      this.#guarded(() => this.#next(Number(results[0]) >>> 0));
      return;
    }
    this.#guarded(() => {
      if (!lifted.isAsync) {
        const value = lifted.lift(results);
        // Before anybody hears of the result: what goes wrong here is told to the caller.
        call.implicit.run(() => lifted.cleanUp(results), undefined);
        if (!call.form.type.async) call.group.store.leaveSync(call);
        call.return(value);
      }
      this.#exit();
    });
  }

  #exit(): void {
    const call = this.#call;
    call.unregister(call.implicit);
    if (call.needsExclusive) call.leaveExclusive();
  }

  /** What the guest wants next. */
  #next(packed: number): void {
    const call = this.#call;
    const { group, implicit: thread } = call;
    const code = packed & 0xf;
    if (code === NEXT.exit) return this.#exit();
    if (code !== NEXT.yield && code !== NEXT.wait)
      throw new Trap("1.1", `a callback returned ${code}, which says nothing`);
    const set = code === NEXT.wait ? waitableSet(call.guest, packed >>> 4) : undefined;
    call.leaveExclusive();
    const goOn = (event: Event): void => {
      group.exclusive = thread;
      this.#run(this.#lifted.callback(), [event[0], event[1] | 0, event[2] | 0], undefined);
    };
    if (call.deliverPendingCancel(true)) return goOn(CANCELLED);
    const wait = this.#wait({
      isReady: () => {
        if (set && !set.hasEvent) return false;
        if (!group.exclusive) return true;
        group.block(wait);
        return false;
      },
      resume: (isCancelled) => {
        set?.waiters.delete(wake);
        this.#guarded(() => goOn(isCancelled ? CANCELLED : (set?.takeEvent() ?? NO_EVENT)));
      },
    });
    const wake = (): void => group.store.enqueue(wait);
    set?.waiters.add(wake);
    if (!set || set.hasEvent) wake();
  }

  /** Ends the guest with what goes wrong. Gives whether nothing does. */
  #guarded(step: () => void): boolean {
    try {
      step();
      return true;
    } catch (error) {
      this.#lifted.fail(error);
      return false;
    }
  }
}

/** @throws {Trap} If it is none. */
export function waitableSet(guest: Guest, index: number): WaitableSet {
  // Handles of this kind are made for sets alone.
  return guest.handles.of(WAITABLE_SET, index).rep as WaitableSet;
}
