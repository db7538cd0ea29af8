/** A set in which one member is the usual case: for that, a `Set` is large and slow. */
export class Few<T extends object> {
  #only: T | undefined;
  #others: Set<T> | undefined;

  get size(): number {
    return (this.#only === undefined ? 0 : 1) + (this.#others?.size ?? 0);
  }

  has(member: T): boolean {
    return this.#only === member || this.#others?.has(member) === true;
  }

  add(member: T): void {
    if (this.has(member)) return;
    if (this.#only === undefined) this.#only = member;
    else (this.#others ??= new Set()).add(member);
  }

  delete(member: T): void {
    if (this.#only === member) this.#only = undefined;
    else this.#others?.delete(member);
  }

  /**
   * Calls `visit` for each that is a member now, and still is when its turn comes. One that comes meanwhile, or leaves
   * and comes back while it is visited, is not met again: that might never end.
   */
  forEach(visit: (member: T) => void): void {
    if (this.#others === undefined || this.#others.size === 0) {
      if (this.#only) visit(this.#only);
      return;
    }
    for (const member of [this.#only, ...this.#others]) {
      if (member && this.has(member)) visit(member);
    }
  }
}
