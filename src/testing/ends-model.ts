/**
 * Both ends of a `stream` or `future` of WASI 0.3, and what a guest is told of each step.
 *
 * @see https://github.com/WebAssembly/component-model/blob/main/design/mvp/CanonicalABI.md#stream-state
 */

/** The readable or the writable end. */
export type EndSide = "read" | "write";

/**
 * What a guest does with one end. `copy` reads or writes `length` elements (a future: one), `take` is given the event that its
 * end has, `cancel` gives up a copy that it was not told of yet, and `drop` drops the end.
 */
export type EndStep =
  | { readonly is: "copy"; readonly side: EndSide; readonly length: number }
  | { readonly is: "cancel" | "drop" | "take"; readonly side: EndSide };

/** What the guest is told: how the copy ended, and how many elements it moved (of a future 0); `undefined`: nothing yet. */
export type EndTold = undefined | readonly [result: number, count: number];

/** How a copy ends. */
export const ENDED = { completed: 0, dropped: 1, cancelled: 2 } as const;

interface Copy {
  readonly length: number;
  progress: number;
}

/** What the text of the specification says, for elements that are numbers. */
export class EndsModel {
  readonly #isStream: boolean;
  readonly #copies: Record<EndSide, Copy | undefined> = { read: undefined, write: undefined };
  readonly #events: Record<EndSide, number | undefined> = { read: undefined, write: undefined };
  readonly #isOver: Record<EndSide, boolean> = { read: false, write: false };
  readonly #isGone: Record<EndSide, boolean> = { read: false, write: false };
  #pending: EndSide | undefined;
  #isDropped = false;

  constructor(isStream: boolean) {
    this.#isStream = isStream;
  }

  /** Whether a guest may do this now without a trap. */
  allows(step: EndStep): boolean {
    const { side } = step;
    if (this.#isGone[side]) return false;
    const copy = this.#copies[side];
    if (step.is === "copy") return !copy && !this.#isOver[side];
    if (step.is === "take") return this.#events[side] !== undefined;
    if (step.is === "cancel") return copy !== undefined;
    // The writable end of a future promises a value.
    return !copy && (this.#isStream || side === "read" || this.#isOver.write);
  }

  /** @param step One that is allowed. */
  play(step: EndStep): EndTold {
    const { side } = step;
    switch (step.is) {
      case "copy":
        this.#copies[side] = { length: this.#isStream ? step.length : 1, progress: 0 };
        this.#begin(side);
        return this.#events[side] === undefined ? undefined : this.#take(side);
      case "take":
        return this.#take(side);
      case "cancel": {
        if (this.#events[side] === undefined) this.#notify(ENDED.cancelled);
        const [result, count] = this.#take(side);
        // What is told as complete has more to come, which does not.
        return [this.#isStream && result === ENDED.completed ? ENDED.cancelled : result, count];
      }
      case "drop":
        this.#isGone[side] = true;
        if (this.#isDropped) return undefined;
        this.#isDropped = true;
        if (this.#pending) this.#notify(ENDED.dropped);
        return undefined;
    }
  }

  #begin(side: EndSide): void {
    const other: EndSide = side === "read" ? "write" : "read";
    if (this.#isDropped && (this.#isStream || this.#pending !== other)) {
      this.#events[side] = ENDED.dropped;
      return;
    }
    if (this.#pending !== other) {
      this.#pending = side;
      return;
    }
    const mine = this.#copy(side);
    const theirs = this.#copy(other);
    const room = theirs.length - theirs.progress;
    if (room > 0) {
      const count = Math.min(room, mine.length);
      mine.progress += count;
      theirs.progress += count;
      if (count > 0 && !this.#isStream) this.#notify(ENDED.completed);
      else if (count > 0) this.#events[other] = ENDED.completed;
      this.#events[side] = ENDED.completed;
    } else if (side === "write" && mine.length === 0 && theirs.length === 0) {
      this.#events.write = ENDED.completed;
    } else {
      this.#notify(ENDED.completed);
      this.#pending = side;
    }
  }

  /** Whoever waits is told, and waits no more. */
  #notify(result: number): void {
    const side = this.#pending;
    if (side) this.#events[side] = result;
    this.#pending = undefined;
  }

  #take(side: EndSide): readonly [number, number] {
    const result = this.#events[side] ?? ENDED.cancelled;
    const { progress } = this.#copy(side);
    this.#events[side] = undefined;
    this.#copies[side] = undefined;
    // The memory is the guest's own again.
    if (this.#pending === side) this.#pending = undefined;
    this.#isOver[side] = this.#isStream ? result === ENDED.dropped : result !== ENDED.cancelled;
    return [result, this.#isStream ? progress : 0];
  }

  #copy(side: EndSide): Copy {
    return this.#copies[side] ?? { length: 0, progress: 0 };
  }
}

const SIDES = ["read", "write"] as const;

function stepsOf(lengths: readonly number[]): readonly EndStep[] {
  return SIDES.flatMap((side): EndStep[] => [
    ...lengths.map((length): EndStep => ({ is: "copy", side, length })),
    { is: "cancel", side },
    { is: "drop", side },
    { is: "take", side },
  ]);
}

const STEPS = { stream: stepsOf([0, 1, 2]), future: stepsOf([1]) } as const;

/** Each sequence of `depth` steps that a guest may make, and those that end sooner, since nothing more may be done. */
export function* sequences(kind: "stream" | "future", depth: number): Generator<readonly EndStep[]> {
  yield* following(kind, depth, []);
}

function* following(
  kind: "stream" | "future",
  depth: number,
  before: readonly EndStep[],
): Generator<readonly EndStep[]> {
  const model = new EndsModel(kind === "stream");
  for (const step of before) model.play(step);
  const next = before.length < depth ? STEPS[kind].filter((step) => model.allows(step)) : [];
  if (next.length === 0) yield before;
  for (const step of next) yield* following(kind, depth, [...before, step]);
}
