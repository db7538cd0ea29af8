/** Something open that several hold: closed when the last of them lets go. */
export class Shared<T extends { close(): void }> {
  readonly value: T;
  #holders = 1;

  constructor(value: T) {
    this.value = value;
  }

  /** One more holds it. Gives what it calls to let go; called again that does nothing. */
  share(): () => void {
    this.#holders++;
    let held = true;
    return () => {
      if (held) this.release();
      held = false;
    };
  }

  /** One holder lets go. */
  release(): void {
    if (--this.#holders === 0) this.value.close();
  }
}
