/** Requests that no guest is asked about, or no longer: more than there is room for. */
import { HttpError } from "../../wasi/http/error-code.ts";
import type { HttpBody, HttpRequest, HttpResponse } from "../../wasi/http/exchange.ts";
import type { Field } from "../../wasi/http/fields.ts";

/** Says no, without a body. Nobody reads the rest of the request. */
export function refuse({ body }: HttpRequest, status: 413 | 431 | 503): HttpResponse {
  body?.source.close();
  return { status, headers: status === 503 ? [RETRY_AFTER] : [], body: undefined };
}

/** A second: by then others may be done. */
const RETRY_AFTER: Field = ["retry-after", Uint8Array.of("1".charCodeAt(0))];

/** Whether a request announces more than it may have. */
export function announcesMore({ body }: HttpRequest, maxBytes: number): boolean {
  return (body?.length ?? 0n) > maxBytes;
}

/**
 * A request whose body fails once it has had more than `maxBytes`.
 *
 * @param onMore Told then, once.
 */
export function bounded(request: HttpRequest, maxBytes: number, onMore: () => void): HttpRequest {
  const { body } = request;
  // One that says how long it is has no more than that: see `announcesMore`.
  if (!body || body.length !== undefined || maxBytes === Infinity) return request;
  return { ...request, body: boundedBody(body, maxBytes, onMore) };
}

function boundedBody(body: HttpBody, maxBytes: number, onMore: () => void): HttpBody {
  const { source } = body;
  let left = maxBytes;
  let isOver = false;
  const counted = <T extends Uint8Array | null | undefined>(bytes: T): T => {
    left -= bytes?.length ?? 0;
    if (left >= 0) return bytes;
    isOver = true;
    source.close();
    onMore();
    throw new HttpError({ tag: "HTTP-request-body-size", val: BigInt(maxBytes) });
  };
  return {
    ...body,
    source: {
      read: (max) => (isOver ? null : counted(source.read(max))),
      take: (max) => (isOver ? undefined : counted(source.take?.(max))),
      ready: () => isOver || source.ready(),
      watch: (waker) => source.watch(waker),
      unwatch: (waker) => source.unwatch(waker),
      close: () => source.close(),
    },
  };
}
