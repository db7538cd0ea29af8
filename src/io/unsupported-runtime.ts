/** The runtime lacks something that this host cannot do without. */
export class UnsupportedRuntimeError extends Error {
  override readonly name: string = "UnsupportedRuntimeError";
}
