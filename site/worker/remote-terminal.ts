/** The side of programs of a pseudo-terminal that is in the page. */
import type { TerminalSide } from "sluice/terminal";
import type { TerminalEvent, TerminalPlan } from "../protocol.ts";

type Listener = (signal: string) => void;

export class RemoteTerminal implements TerminalSide {
  readonly #plan: TerminalPlan;
  readonly #show: (bytes: readonly number[]) => void;
  readonly #listeners = { typed: new Set<Listener>(), shown: new Set<Listener>(), signal: new Set<Listener>() };
  #typed: number[] = [];

  /** @param show Has the page show these; it says when it has. */
  constructor(plan: TerminalPlan, show: (bytes: readonly number[]) => void) {
    this.#plan = plan;
    this.#show = show;
  }

  hear(event: TerminalEvent): void {
    if (event.is === "typed") this.#typed.push(...event.bytes);
    for (const listen of this.#listeners[event.is]) listen(event.is === "signal" ? event.name : "");
  }

  get readable(): boolean {
    return this.#typed.length > 0;
  }

  read(): number[] {
    return this.#typed.splice(0);
  }

  write(bytes: number[]): void {
    this.#show(bytes);
  }

  onReadable(listener: () => void): { dispose(): void } {
    return this.#on("typed", listener);
  }

  onWritable(listener: () => void): { dispose(): void } {
    return this.#on("shown", listener);
  }

  onSignal(listener: Listener): { dispose(): void } {
    return this.#on("signal", listener);
  }

  ioctl(): readonly [columns: number, rows: number] {
    return [this.#plan.columns, this.#plan.rows];
  }

  #on(is: TerminalEvent["is"], listener: Listener): { dispose(): void } {
    const listeners = this.#listeners[is];
    listeners.add(listener);
    return { dispose: () => void listeners.delete(listener) };
  }
}
