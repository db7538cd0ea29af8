/** A set of many whose members come and go all the time: each knows its place, and nothing is allocated for it. */

/** What may be a member of one roster. */
export interface Listed {
  /** Where it is: the roster's. -1: nowhere. */
  place: number;
}

/**
 * A `Set` of as many makes a new table for every few members that come, and once it is old its tables are too: all that was in
 * them outlives its time, with whatever it holds.
 */
export class Roster<T extends Listed> {
  /** Those who are members, and behind them nothing. It never gets shorter. */
  readonly #places: (T | undefined)[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** One of them, if there is one: who came first, unless others have left. */
  get any(): T | undefined {
    return this.#places[0];
  }

  /** All that are members now, in no order. */
  get members(): readonly T[] {
    return this.#places.filter((member) => member !== undefined);
  }

  clear(): void {
    for (const member of this.members) this.delete(member);
  }

  add(member: T): void {
    if (member.place >= 0) return;
    member.place = this.#size;
    this.#places[this.#size++] = member;
  }

  delete(member: T): void {
    const { place } = member;
    if (place < 0) return;
    member.place = -1;
    const last = this.#places[--this.#size];
    this.#places[this.#size] = undefined;
    if (!last || last === member) return;
    last.place = place;
    this.#places[place] = last;
  }
}
