/**
 * Calls that components make, as subtasks of the asynchronous ABI.
 *
 * @see https://github.com/WebAssembly/component-model/blob/main/design/mvp/CanonicalABI.md#canon-lower
 */
import type { CoreType } from "../../abi/encode.ts";
import { codecOf } from "../../abi/codec.ts";
import type { Guest } from "../../abi/guest.ts";
import { giveBack, type Lent } from "../../abi/handles.ts";
import { MAX_FLAT_ASYNC_PARAMS } from "../../abi/signature.ts";
import { nothing, returns, type Returns } from "../../abi/returns.ts";
import { liftArguments, type CoreValue } from "../../abi/type.ts";
import { MAX_FLAT_PARAMS, type FuncType } from "../../abi/types.ts";
import { EVENT, SUBTASK, Waitable, type Event } from "../../abi/waitable.ts";
import { Trap } from "../../io/trap.ts";
import type { GateType, Ungated } from "../../wait/gate.ts";
import type { Task } from "../../wait/task.ts";
import { currentThread, retryFirst, type ThreadGroup } from "../../wait/threads.ts";
import type { Callee, Started } from "../../wait/callee.ts";
import type { AsyncLifted } from "./lift.ts";
import { blockThread } from "./block.ts";

const STATE = { starting: 0, started: 1, returned: 2, cancelledBeforeStarted: 3, cancelledBeforeReturned: 4 } as const;
type SubtaskState = (typeof STATE)[keyof typeof STATE];

/** A function of a component, as another one calls it. @param type As the caller spells it. */
export function componentCallee(type: FuncType, lifted: AsyncLifted): Callee {
  return {
    params: type.params.map((param) => codecOf(param.type)),
    // The error case of a result is a value here, not thrown.
    returns: type.result ? returns(codecOf(type.result)) : (nothing as Returns<unknown>),
    store: lifted.store,
    start: (onStart, onResolve, caller) => lifted.start(onStart, onResolve, caller),
  };
}

/** A call that a guest has made, and waits for. */
export class Subtask extends Waitable {
  state: SubtaskState = STATE.starting;
  /** Whether the host, or another component, carries it out. */
  readonly isOutside: boolean;
  isCancelRequested = false;
  started: Started | undefined;
  /** Its handle, once it has one. */
  index = 0;
  #lent: Lent[] | undefined = [];

  constructor(isOutside: boolean) {
    super();
    this.isOutside = isOutside;
  }

  get isResolved(): boolean {
    return this.state > STATE.started;
  }

  /** Whether the guest knows that it is over. */
  get isDelivered(): boolean {
    return this.#lent === undefined;
  }

  lend(lent: readonly Lent[]): void {
    this.#lent?.push(...lent);
  }

  deliver(): void {
    giveBack(this.#lent ?? []);
    this.#lent = undefined;
  }

  /** Something has changed that the guest is told. */
  progress(): void {
    if (this.index === 0) return;
    this.setEvent((): Event => {
      if (this.isResolved) this.deliver();
      return [EVENT.subtask, this.index, this.state];
    });
  }

  /** @throws {Trap} */
  drop(): void {
    if (!this.isDelivered) throw new Trap("1.1", "a subtask is dropped before its result is there");
    this.join(undefined);
  }
}

/** What every lowered function of one guest needs. */
export interface LowerSite {
  readonly guest: Guest;
  readonly group: ThreadGroup;
  readonly task: Task;
  /** What calls count as: see `Task.mustGiveWay`. */
  readonly cost: number;
}

interface Form {
  readonly params: readonly GateType[];
  readonly isSpilled: boolean;
  /** Whether the result lies where the last parameter says. */
  readonly isStored: boolean;
  readonly result: CoreType | undefined;
}

function formOf(callee: Callee, isAsync: boolean): Form {
  const flat: CoreType[] = [];
  let isSpilled = false;
  for (const { flat: types } of callee.params) {
    if (types) flat.push(...types);
    else isSpilled = true;
  }
  isSpilled ||= flat.length > (isAsync ? MAX_FLAT_ASYNC_PARAMS : MAX_FLAT_PARAMS);
  const { wit, flat: results } = callee.returns;
  const isStored =
    wit !== undefined &&
    (isAsync ? results === undefined || results.length > 0 : results === undefined || results.length > 1);
  return {
    params: [...(isSpilled ? (["i32"] as const) : flat), ...(isStored ? (["i32"] as const) : [])],
    isSpilled,
    isStored,
    result: isAsync ? "i32" : isStored ? undefined : results?.[0],
  };
}

/** A function that is lowered with the option async: it never waits, and says how far it has come. */
export function lowerAsync(callee: Callee, site: LowerSite): Ungated {
  const form = formOf(callee, true);
  const { guest, task } = site;
  const { store } = site.group;
  const attempt = (...args: CoreValue[]): number => {
    if (task.mustGiveWay(site.cost)) return task.pendRetry(attempt, args);
    task.assertAlive();
    store.assertRoom();
    const subtask = begin(callee, site, form, args, () => {});
    if (subtask.isResolved) {
      subtask.deliver();
      return subtask.state;
    }
    subtask.index = guest.handles.own(SUBTASK, subtask);
    store.calls++;
    return (subtask.index << 4) | subtask.state;
  };
  return { params: form.params, result: "i32", attempt, boxed: false, front: undefined, holds: true };
}

/** A function that is lowered without it, though it may take long: the guest's thread waits. */
export function lowerBlocking(callee: Callee, site: LowerSite): Ungated {
  const form = formOf(callee, false);
  const { group, task } = site;
  const boxed = form.result !== undefined;
  const attempt = (...args: CoreValue[]): number => {
    if (task.mustGiveWay(site.cost)) return retryFirst(group.store, attempt, args);
    task.assertAlive();
    let wake: (() => void) | undefined;
    const flat: CoreValue[] = [];
    const subtask = begin(callee, site, form, args, () => wake?.(), flat);
    const finish = (): CoreValue | undefined => {
      subtask.deliver();
      return flat[0];
    };
    if (subtask.isResolved) {
      task.boxed = finish();
      return 0;
    }
    return blockThread(task, currentThread(), {
      isReady: () => subtask.isResolved,
      cancellable: false,
      isOutside: subtask.isOutside,
      watch: (again) => {
        wake = again;
      },
      result: finish,
    });
  };
  return { params: form.params, result: form.result, attempt, boxed, front: undefined };
}

/** @param into Where the core result goes, if there is one. */
function begin(
  callee: Callee,
  { guest, group }: LowerSite,
  form: Form,
  args: readonly CoreValue[],
  onChange: () => void,
  into?: CoreValue[],
): Subtask {
  const subtask = new Subtask(callee.store !== group.store);
  const changed = (): void => {
    subtask.progress();
    onChange();
  };
  subtask.started = callee.start(
    () => {
      subtask.state = STATE.started;
      guest.takeLent();
      const values = liftArguments(callee.params, guest, args, form.isSpilled);
      subtask.lend(guest.takeLent());
      changed();
      return values;
    },
    (result) => {
      if (!result) {
        subtask.state = subtask.state === STATE.starting ? STATE.cancelledBeforeStarted : STATE.cancelledBeforeReturned;
        return changed();
      }
      const { size, align, store, lower } = callee.returns;
      if (form.isStored) store(guest, guest.place(Number(args.at(-1)), size, align), result.value);
      else if (into) lower(guest, result.value, into);
      subtask.state = STATE.returned;
      changed();
    },
    group,
  );
  return subtask;
}
