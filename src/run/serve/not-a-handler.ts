/** The component has no `wasi:http/handler` or `wasi:http/incoming-handler` to ask. */
export class NotAHandlerError extends Error {
  override readonly name: string = "NotAHandlerError";
}
