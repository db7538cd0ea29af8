/** A component is in order, but uses what this host does not support. */
export class UnsupportedComponentError extends Error {
  override readonly name: string = "UnsupportedComponentError";

  constructor(what: string) {
    super(`The component uses ${what}, which Sluice does not support`);
  }
}
