/** Lets those who pass go on while it is open, and makes them wait while it is closed. */
export interface Gate {
  passed(): Promise<void>;
  readonly open: () => void;
  readonly close: () => void;
}

/** An open gate. */
export function gate(): Gate {
  let opened = Promise.resolve();
  let release = (): void => {};
  return {
    passed: () => opened,
    open: () => release(),
    close() {
      release();
      ({ promise: opened, resolve: release } = Promise.withResolvers<void>());
    },
  };
}
