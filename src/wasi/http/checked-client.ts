/** A client of an embedder's, checked where its answers cross: one that misbehaves is named, and no guest is blamed. */
import { misbehaved } from "../../io/checked-ports.ts";
import type { Source } from "../../io/ports.ts";
import { Unheard, UnheardSource } from "../../io/unheard.ts";
import type { HttpError } from "./error-code.ts";
import type { HttpBody, HttpClient, HttpResponse } from "./exchange.ts";
import { isToken, permittedFields, type Field } from "./fields.ts";

const SOURCE = ["read", "ready", "watch", "unwatch", "close"] as const;

/**
 * What `client` rejects with is a failure of the exchange, as its contract says. What letting go of a body throws is told at
 * the end: who does so may be nobody who could be told.
 */
export function checkedClient(client: HttpClient): HttpClient {
  const unheard = new Unheard();
  return {
    send: async (request, signal) => responseOf(await client.send(request, signal), unheard),
    close() {
      unheard.call("http.close", () => client.close?.());
      unheard.tell();
    },
  };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
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
  if (!(value instanceof Uint8Array)) throw misbehaved(port, `bytes for the field ${name}`, value);
  return [name.toLowerCase(), value];
}

function bodyOf(value: unknown, unheard: Unheard): HttpBody {
  const { source, length, trailers, refuse } = isObject(value) ? value : {};
  if (!isObject(source) || !SOURCE.every((method) => typeof source[method] === "function")) {
    throw misbehaved("http.send", "a body with a source", source);
  }
  if (typeof trailers !== "function") throw misbehaved("http.send", "a body with trailers", trailers);
  return {
    // It has the methods of one.
    source: new UnheardSource(source as unknown as Source, "http body", unheard),
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
