/** Something open that several hold: closed when the last of them lets go. */
export class Shared<T extends { close(): void }> {
  readonly value: T;
  #holders = 1;

  constructor(value: T) {
    this.value = value;
  }

  /** One more holds it. Gives what it calls, once, to let go. */
  share(): () => void {
    this.#holders++;
    return () => this.release();
  }

  /** One holder lets go. */
  release(): void {
    if (--this.#holders === 0) this.value.close();
  }
}
