import { shortened } from "../io/quoted.ts";

/** Characters of a message: it may have names in it, which are as long as they please. */
const MAX_MESSAGE = 2000;

/** The bytes are not a component that can run. The message says where and why, or what they are instead. */
export class InvalidComponentError extends Error {
  override readonly name: string = "InvalidComponentError";
  /** Where in the bytes, if it is at one place. */
  readonly offset: number | undefined;

  constructor(message: string, offset?: number, options?: ErrorOptions) {
    const told = shortened(message, MAX_MESSAGE);
    super(
      offset === undefined ? told : `The component is invalid: ${told} (at offset 0x${offset.toString(16)})`,
      options,
    );
    this.offset = offset;
  }
}
