/** What a message of `wasi:http` 0.3 carries, and how a guest reads it. */
import { SharedStream, type SharedFuture } from "../../../abi/copy.ts";
import { elementOf } from "../../../abi/element.ts";
import { u8 } from "../../../abi/scalars.ts";
import { InputStream } from "../../../io/input-stream.ts";
import { readInto, type Source } from "../../../io/ports.ts";
import { newTally } from "../../../io/tally.ts";
import { errorCodeOf, HttpError } from "../../../wasi/http/error-code.ts";
import { NO_BODY, type HttpBody } from "../../../wasi/http/exchange.ts";
import { Fields, permittedFields, sizeOf, type Field } from "../../../wasi/http/fields.ts";
import type { Side } from "../../../wasi/http/outgoing-body.ts";
import { fieldMemoryOf } from "../../http/held.ts";
import type { Instance } from "../../instance.ts";
import { Feed, HostFuture, readFuture } from "../streams.ts";
import { addFields } from "./fields.ts";
import { outcomeType, trailersType, type Outcome } from "./types.ts";

/** What a guest has made. */
export interface Made {
  readonly is: "made";
  /** Missing: no bytes. */
  readonly stream: SharedStream | undefined;
  readonly trailers: SharedFuture;
  /** Who made it is told how its transmission went. */
  readonly sent: HostFuture<Outcome>;
}

/** What has come from elsewhere. */
export interface Received {
  readonly is: "received";
  readonly side: Side;
  readonly body: HttpBody | undefined;
  /** Told of what a guest says is wrong with the message, where somebody else than its maker wants to know. */
  readonly onRefused?: ((cause: HttpError) => void) | undefined;
}

export type Contents = Made | Received;

/** What a guest makes of a message: the future says how its transmission went. */
export function made({ fail }: Instance, stream: SharedStream | undefined, trailers: SharedFuture): Made {
  return { is: "made", stream, trailers, sent: new HostFuture(outcomeType, fail) };
}

/** Nobody reads it, or will. @param cause Why, for who made it. */
export function dropContents(contents: Contents, cause?: unknown): void {
  if (contents.is === "received") {
    contents.body?.source.close();
    return;
  }
  contents.stream?.drop();
  contents.trailers.drop();
  contents.sent.write({ tag: "err", val: errorCodeOf(cause) });
}

/** A guest reads it. @param processed What it says of that in the end: for who made it. */
export function consume(
  instance: Instance,
  contents: Contents,
  processed: SharedFuture,
): readonly [SharedStream, SharedFuture] {
  if (contents.is === "received") return consumeReceived(instance, contents, processed);
  const { stream = empty(), trailers, sent } = contents;
  // An outcome, by the type of the parameter.
  readFuture(processed, (read) => sent.write(read ? (read.value as Outcome) : { tag: "err", val: errorCodeOf(read) }));
  return [stream, trailers];
}

function empty(): SharedStream {
  const stream = new SharedStream(elementOf(u8));
  stream.drop();
  return stream;
}

function consumeReceived(
  instance: Instance,
  { side, body = NO_BODY, onRefused }: Received,
  processed: SharedFuture,
): readonly [SharedStream, SharedFuture] {
  const trailers = new HostFuture<unknown>(trailersType, instance.fail);
  const failed = (cause: unknown): void => trailers.write({ tag: "err", val: errorCodeOf(cause) });
  const source = new EndingSource(body.source);
  const input = new InputStream(source, instance.world.limits.readBytes, newTally(), () => source.close());
  const { shared } = new Feed(u8, input, instance.task, (cause) => {
    if (cause !== undefined) return failed(cause);
    // Who does not want the rest does not wait for what comes after it.
    if (!source.isEnded) return trailers.write({ tag: "ok", val: undefined });
    body.trailers().then((fields) => giveTrailers(instance, side, trailers, fields && permittedFields(fields)), failed);
  });
  // As above.
  readFuture(processed, (read) => {
    const said = read?.value as Outcome | undefined;
    if (said?.tag !== "err") return;
    const cause = new HttpError(said.val, "the guest says that something is wrong with the message");
    if (body.refuse && !source.isEnded) body.refuse(cause);
    else source.close();
    onRefused?.(cause);
  });
  return [shared, trailers.shared];
}

function giveTrailers(
  instance: Instance,
  side: Side,
  trailers: HostFuture<unknown>,
  fields: readonly Field[] | undefined,
): void {
  const bytes = sizeOf(fields ?? []);
  if (bytes > instance.world.limits.fieldBytes) {
    trailers.write({ tag: "err", val: { tag: `HTTP-${side}-trailer-section-size`, val: bytes } });
    return;
  }
  // They are the guest's when it reads them, and not before.
  trailers.give(() => ({
    tag: "ok",
    val: fields && addFields(instance, Fields.from(fields, fieldMemoryOf(instance), true)),
  }));
}

/** A source of which it is known whether it was read to its end. */
class EndingSource implements Source {
  readonly #source: Source;
  isEnded = false;

  constructor(source: Source) {
    this.#source = source;
  }

  read(max: number): Uint8Array | null {
    const bytes = this.#source.read(max);
    if (bytes === null) this.isEnded = true;
    return bytes;
  }

  readInto(into: Uint8Array): number | null {
    const count = readInto(this.#source, into);
    if (count === null) this.isEnded = true;
    return count;
  }

  ready(): boolean {
    return this.#source.ready();
  }

  watch(waker: Parameters<Source["watch"]>[0]): void {
    this.#source.watch(waker);
  }

  unwatch(waker: Parameters<Source["unwatch"]>[0]): void {
    this.#source.unwatch(waker);
  }

  close(): void {
    if (!this.isEnded) this.#source.close();
  }
}
