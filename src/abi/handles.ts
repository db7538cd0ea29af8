/**
 * Handles: what a component instance holds resources by.
 *
 * @see https://github.com/WebAssembly/component-model/blob/main/design/mvp/CanonicalABI.md#table-state
 */
import { Trap } from "../io/trap.ts";

/** A resource type of a running instance. Each is one object: what is the same type is the same object. */
export interface ResourceType {
  /** WIT's name, for messages. */
  readonly name: string;
  /** The component instance that defines it, which is lent its resources as what they are; none for the host's. */
  readonly definer: object | undefined;
  /** Carries out the drop of an own handle: `rep` is what the handle stood for. */
  drop(rep: unknown): void;
}

/** A call during which handles are lent: they are given back before it returns. */
export interface BorrowScope {
  /** The component instance that is called. */
  readonly callee: object;
  /** Handles that were lent for it and are not dropped yet. */
  borrows: number;
  /** What JavaScript has lent for it: told when the call is over. */
  lenders?: (() => void)[] | undefined;
}

/** The call is over: who lent something has it back. */
export function endScope(scope: BorrowScope): void {
  const { lenders = [] } = scope;
  scope.lenders = undefined;
  for (const back of lenders) back();
}

/** A handle that a guest has lent to a call. */
export interface Lent {
  readonly handle: Handle;
  /** The callee's own way to have it leads nowhere from now on. */
  end?: () => void;
}

/** The call is over that these were lent to. */
export function giveBack(lent: readonly Lent[]): void {
  for (const { handle, end } of lent) {
    handle.lends--;
    end?.();
  }
}

/** One handle of one component instance. */
export interface Handle {
  readonly type: ResourceType;
  /** What it stands for: a number of the guest's that defines the type, or an `Entry` of the host's. */
  readonly rep: unknown;
  /** The call that it was lent for; nothing if it is the holder's own. */
  readonly scope: BorrowScope | undefined;
  /** How many calls it is lent to now. */
  lends: number;
}

/** What the canonical ABI allows. */
const MAX_HANDLES = 2 ** 28 - 1;

/** What stands in for a resource for a while. */
export interface Loan {
  /** Brings the resource up to date. */
  close(): void;
  /** As `close`, and knows no handles any more. */
  forget(): void;
}

/** How many handles live: of all component instances that share it. */
export class HandleCount {
  readonly limit: number;
  live = 0;

  /** @param limit The most that may live at the same time (limits.resources). */
  constructor(limit: number) {
    this.limit = limit;
  }
}

/** The handles of one component instance. */
export class HandleTable {
  readonly #count: HandleCount;
  readonly #loan: Loan | undefined;
  readonly #handles: (Handle | undefined)[] = [undefined];
  readonly #free: number[] = [];

  /**
   * @param count Shared with other tables of the same instance.
   * @param loan Knows some of them by number.
   */
  constructor(count: HandleCount, loan?: Loan) {
    this.#count = count;
    this.#loan = loan;
  }

  /** The handle of this number, whatever it is. */
  get(index: number): Handle | undefined {
    return this.#handles[index];
  }

  /** Whether there have never been any. */
  get isUnused(): boolean {
    return this.#handles.length === 1;
  }

  /** All handles that there are. */
  all(): Handle[] {
    return this.#handles.filter((handle) => handle !== undefined);
  }

  /** The handle, if there is one of this number and type. */
  find(type: ResourceType, index: number): Handle | undefined {
    const handle = this.#handles[index];
    return handle?.type === type ? handle : undefined;
  }

  /** Gives a number to a resource that is the holder's from now on. @throws {Trap} If there are too many. */
  own(type: ResourceType, rep: unknown): number {
    return this.#add({ type, rep, scope: undefined, lends: 0 });
  }

  /** As `own`, for as long as a call takes. */
  borrow(type: ResourceType, rep: unknown, scope: BorrowScope): number {
    const index = this.#add({ type, rep, scope, lends: 0 });
    scope.borrows++;
    return index;
  }

  /** The handle, of this type. @throws {Trap} If it is not. */
  of(type: ResourceType, index: number): Handle {
    const handle = this.find(type, index);
    if (handle) return handle;
    throw unknownHandle(type, index);
  }

  /** Takes a handle of its holder's own away. Gives what it stood for. @throws {Trap} */
  take(type: ResourceType, index: number): unknown {
    const handle = this.of(type, index);
    if (handle.scope) throw new Trap("1.2", `handle ${index} is borrowed: it cannot be given away`);
    assertNotLent(handle, index);
    this.#remove(index);
    return handle.rep;
  }

  /** Lets go of a handle; drops the resource if it is the holder's own. @throws {Trap} */
  drop(type: ResourceType, index: number): void {
    const rep = this.release(type, index);
    if (rep !== undefined) type.drop(rep);
  }

  /** Lets go of a handle. Gives what it stood for if that is to be dropped: it was the holder's own. @throws {Trap} */
  release(type: ResourceType, index: number): unknown {
    const handle = this.of(type, index);
    const { scope, rep } = handle;
    assertNotLent(handle, index);
    this.#remove(index);
    if (!scope) return rep;
    scope.borrows--;
    return undefined;
  }

  /** All handles are gone, and numbers begin anew: for a guest that knows none. */
  forgetAll(): void {
    this.#loan?.forget();
    this.#count.live -= this.all().length;
    this.#handles.length = 1;
    this.#free.length = 0;
  }

  #add(handle: Handle): number {
    const count = this.#count;
    const isFull = this.#free.length === 0 && this.#handles.length > MAX_HANDLES;
    if (isFull || count.live >= count.limit) throw noFreeKeys(count.live);
    const index = this.#free.pop() ?? this.#handles.length;
    count.live++;
    this.#handles[index] = handle;
    return index;
  }

  #remove(index: number): void {
    this.#loan?.forget();
    this.#handles[index] = undefined;
    this.#free.push(index);
    this.#count.live--;
  }
}

export function unknownHandle({ name }: ResourceType, index: number): Trap {
  return new Trap("1.2", `unknown handle: ${index} is not a live ${name || "resource"} of this instance`);
}

export function noFreeKeys(live: number): Trap {
  return new Trap(
    "1.2",
    `resource table has no free keys: this instance already holds ${live} resources (limits.resources)`,
  );
}

function assertNotLent({ lends }: Handle, index: number): void {
  if (lends > 0) throw new Trap("1.2", `handle ${index} is lent to a call that has not returned`);
}
