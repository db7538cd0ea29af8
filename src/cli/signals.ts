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

/** Calls back at the first SIGINT or SIGTERM; the second one ends the process by itself. Gives what stops listening. */
export function onSignal(callback: (signal: EndingSignal) => void): () => void {
  const signals = Object.keys(NUMBERS) as EndingSignal[];
  const stop = (): void => {
    for (const each of signals) process.off(each, heard);
  };
  const heard = (signal: EndingSignal): void => {
    stop();
    callback(signal);
  };
  for (const signal of signals) process.on(signal, heard);
  return stop;
}

/** Ends the process as the signal would have done, so that a shell that waits for it knows, and stops its script too. */
export function passOn(signal: EndingSignal): void {
  // For the first process of a container, which survives its own signals.
  process.exitCode = exitCodeOf(signal);
  process.kill(process.pid, signal);
}
