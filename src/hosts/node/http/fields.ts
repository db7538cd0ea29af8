/** Fields as Node has them: one flat list of names and values, in Latin-1. */
import { isTransports, type Field } from "../../../wasi/http/fields.ts";

/** As they came, without those that are the transport's own, such as the pseudo-headers of HTTP/2. */
export function fieldsOf(raw: readonly string[]): Field[] {
  return incomingFields(raw).fields;
}

/** What the fields of a message say. */
export interface IncomingFields {
  /** As they came, without those that are the transport's own. */
  readonly fields: Field[];
  /** Several are a list, which is no host. */
  readonly host: string | undefined;
  /** Whether a body is announced. */
  readonly hasBody: boolean;
  /** How its body is coded for the transport, if that is not in chunks alone: nobody decodes it, and nobody could tell. */
  readonly coding: string | undefined;
}

/** All that is asked of the fields of a message, in one go: there are some in each. */
export function incomingFields(raw: readonly string[]): IncomingFields {
  const fields: Field[] = [];
  let host: string | undefined;
  let hasBody = false;
  let coding: string | undefined;
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = (raw[at] ?? "").toLowerCase();
    const value = raw[at + 1] ?? "";
    if (name === "host") host = listed(host, value);
    else if (name === "content-length") hasBody = true;
    else if (name === "transfer-encoding") {
      hasBody = true;
      coding = listed(coding, value);
    }
    if (!isTransports(name) && !name.startsWith(":")) fields.push([name, Buffer.from(value, "latin1")]);
  }
  return { fields, host, hasBody, coding: coding?.toLowerCase() === "chunked" ? undefined : coding };
}

/** Fields of one name are one list, says RFC 9110. */
function listed(list: string | undefined, value: string): string {
  return list === undefined ? value : `${list}, ${value}`;
}

/** Bytes that V8 keeps without an `ArrayBuffer` of their own, until somebody asks for it: that takes ten times as long as to look at them. */
const SMALL_BYTES = 64;

/** A value as Node takes it. */
export function textOf(value: Uint8Array): string {
  if (value.length <= SMALL_BYTES) return Reflect.apply(String.fromCharCode, null, value);
  return Buffer.from(value.buffer, value.byteOffset, value.length).toString("latin1");
}

/**
 * As Node takes them for a message.
 *
 * @param isChunked Whether that is sent in chunks if no length is among them. Else nothing can come after its body, and Node would not send
 *   what announces that.
 */
export function flatOf(fields: readonly Field[], isChunked: boolean): string[] {
  const flat: string[] = [];
  let length: string | undefined;
  let isAnnouncing = false;
  for (const [name, value] of fields) {
    if (name === "content-length") length = textOf(value);
    else {
      if (name === "trailer") isAnnouncing = true;
      flat.push(name, textOf(value));
    }
  }
  const sent = isAnnouncing && (!isChunked || length !== undefined) ? unannounced(flat) : flat;
  // Last: what Node takes for the name of a file behind it is sent as other bytes.
  if (length !== undefined) sent.push("content-length", length);
  return sent;
}

function unannounced(flat: readonly string[]): string[] {
  return flat.filter((_, at) => flat[at - (at % 2)] !== "trailer");
}

/** The value of a field that came, if there is one. */
export function rawValue(raw: readonly string[], name: string): string | undefined {
  for (let at = 0; at + 1 < raw.length; at += 2) if (raw[at]?.toLowerCase() === name) return raw[at + 1];
  return undefined;
}
