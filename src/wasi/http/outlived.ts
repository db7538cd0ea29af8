/** When a response is over, for those who then let go of something. */
import { readInto, type Source } from "../../io/ports.ts";
import type { HttpResponse } from "./exchange.ts";

/**
 * `response`, of which it is said when it is over: it has no body, or that is at its end, has failed, or is not wanted.
 *
 * @param over May be called more than once. Given what the body failed of, if it did.
 */
export function outlived(response: HttpResponse, over: (cause?: unknown) => void): HttpResponse {
  const { body } = response;
  if (!body) {
    over();
    return response;
  }
  const { source } = body;
  const told = <T>(read: () => T): T => toldEnd(read, over, over);
  const given: Source = {
    read: (max) => told(() => source.read(max)),
    take: (max) => told(() => source.take?.(max)),
    ready: () => source.ready(),
    watch: (waker) => source.watch(waker),
    unwatch: (waker) => source.unwatch(waker),
    close() {
      source.close();
      over();
    },
  };
  if (source.readInto) given.readInto = (into, waits) => told(() => readInto(source, into, waits));
  return {
    ...response,
    body: {
      ...body,
      source: given,
      refuse(cause) {
        if (body.refuse) body.refuse(cause);
        else source.close();
        over();
      },
    },
  };
}

/** What `read` gives of a source. `ended` is called if that is its end, and `failed` if it has failed, which is thrown on. */
export function toldEnd<T>(read: () => T, ended: () => void, failed: (cause: unknown) => void): T {
  let answer;
  try {
    answer = read();
  } catch (cause) {
    failed(cause);
    throw cause;
  }
  if (answer === null) ended();
  return answer;
}
