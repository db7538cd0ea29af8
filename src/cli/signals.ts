/** How signals end a run. */

const NUMBERS = { SIGINT: 2, SIGTERM: 15 } as const;

export type EndingSignal = keyof typeof NUMBERS;

/** Why a guest was ended: a signal. */
export class SignalError extends Error {
  override readonly name: string = "SignalError";
  readonly signal: EndingSignal;

  constructor(signal: EndingSignal) {
    super(`ended by ${signal}`);
    this.signal = signal;
  }
}

/** As shells count: 130 for SIGINT, 143 for SIGTERM. */
export function exitCodeOf(signal: EndingSignal): number {
  return 128 + NUMBERS[signal];
}

/**
 * Whether the first signal should be waited for with `abortOnSignal`. If not, it ends the process by itself, which is
 * better where it will do: it also ends a guest that computes and never lets the event loop have a turn.
 *
 * @param hasLastWords Whether there is something to do after the guest.
 */
export function needsHandler(hasLastWords: boolean): boolean {
  // The first process of a container gets only the signals that it asks for.
  return hasLastWords || process.pid === 1;
}

/** Aborts on the first SIGINT or SIGTERM, with a `SignalError`. The second one ends the process by itself. */
export function abortOnSignal(): AbortSignal {
  const controller = new AbortController();
  const signals = Object.keys(NUMBERS) as EndingSignal[];
  const abort = (signal: EndingSignal): void => {
    for (const each of signals) process.off(each, abort);
    controller.abort(new SignalError(signal));
  };
  for (const signal of signals) process.on(signal, abort);
  return controller.signal;
}

/** Ends the process as the signal would have done, so that a shell that waits for it knows, and stops its script too. */
export function passOn(signal: EndingSignal): void {
  // For the first process of a container, which survives its own signals.
  process.exitCode = exitCodeOf(signal);
  process.kill(process.pid, signal);
}
