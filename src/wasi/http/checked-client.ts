/** A client of an embedder's, checked where its answers cross: one that misbehaves is named, and no guest is blamed. */
import { misbehaved } from "../../io/checked-ports.ts";
import type { Source } from "../../io/ports.ts";
import { hasMethods, isBytesUpTo, isObject } from "../../io/shape.ts";
import { InternalError } from "../../io/trap.ts";
import { Unheard, UnheardSource } from "../../io/unheard.ts";
import type { HttpError } from "./error-code.ts";
import type { HttpBody, HttpClient, HttpRequest, HttpResponse } from "./exchange.ts";
import { isToken, permittedFields, type Field } from "./fields.ts";
import { outlived } from "./outlived.ts";

/**
 * What `client` rejects with is a failure of the exchange, as its contract says. What letting go of a body throws is told at
 * the end: who does so may be nobody who could be told. So is a body that misbehaves, which a guest is told of as a failure.
 */
export function checkedClient(client: HttpClient): HttpClient {
  const unheard = new Unheard();
  return {
    async send(request, signal) {
      const { given, leave } = leavable(request);
      const response = responseOf(await client.send(given, signal), unheard);
      return outlived(response, (cause) => {
        if (cause instanceof InternalError) unheard.note(cause);
        leave();
      });
    },
    close() {
      unheard.call("http.close", () => client.close?.());
      unheard.tell();
    },
  };
}

/**
 * `request`, whose body nobody will read any more who has not looked at it when the response is over: whoever writes it is
 * not to wait for that. Who has begun to read goes on as long as they like.
 */
function leavable(request: HttpRequest): { readonly given: HttpRequest; readonly leave: () => void } {
  const { body } = request;
  if (!body) return { given: request, leave: () => {} };
  const { source } = body;
  let isUntouched = true;
  const touched = (): Source => {
    isUntouched = false;
    return source;
  };
  const given: Source = {
    read: (max) => touched().read(max),
    take: (max) => touched().take?.(max),
    ready: () => touched().ready(),
    watch: (waker) => touched().watch(waker),
    unwatch: (waker) => source.unwatch(waker),
    close: () => touched().close(),
  };
  return {
    given: { ...request, body: { ...body, source: given } },
    leave() {
      if (isUntouched) touched().close();
    },
  };
}

/** @throws {InternalError} */
function responseOf(value: unknown, unheard: Unheard): HttpResponse {
  if (!isObject(value)) throw misbehaved("http.send", "a response, with status, headers and body", value);
  const { status, headers, body } = value;
  if (typeof status !== "number" || !Number.isInteger(status) || status < 100 || status > 999) {
    throw misbehaved("http.send", "a status from 100 to 999", status);
  }
  return {
    status,
    headers: fieldsOf("http.send", headers),
    body: body === undefined ? undefined : bodyOf(body, unheard),
  };
}

/** In lower case, and without those that are the transport's own. */
function fieldsOf(port: string, value: unknown): Field[] {
  if (!Array.isArray(value)) throw misbehaved(port, "fields, each a name and bytes", value);
  return permittedFields(value.map((field: unknown) => fieldOf(port, field)));
}

function fieldOf(port: string, field: unknown): Field {
  if (!Array.isArray(field)) throw misbehaved(port, "a field, a name and bytes", field);
  const [name, value] = field as readonly unknown[];
  if (typeof name !== "string" || !isToken(name)) throw misbehaved(port, "the name of a field", name);
  if (!isBytesUpTo(value, Infinity)) throw misbehaved(port, `bytes for the field ${name}`, value);
  return [name.toLowerCase(), value];
}

function bodyOf(value: unknown, unheard: Unheard): HttpBody {
  const { source, length, trailers, refuse } = isObject(value) ? value : {};
  if (!hasMethods<Source>(source, "read", "ready", "watch", "unwatch", "close")) {
    throw misbehaved("http.send", "a body with a source", source);
  }
  if (typeof trailers !== "function") throw misbehaved("http.send", "a body with trailers", trailers);
  return {
    source: new UnheardSource(source, "http body", unheard),
    length: typeof length === "bigint" ? length : undefined,
    async trailers() {
      const fields: unknown = await trailers.call(value);
      return fields === undefined ? undefined : fieldsOf("http body.trailers", fields);
    },
    ...(typeof refuse === "function" && {
      refuse: (cause: HttpError) => unheard.call("http body.refuse", () => refuse.call(value, cause)),
    }),
  };
}
