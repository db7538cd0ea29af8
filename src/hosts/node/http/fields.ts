/** Fields as Node has them: one flat list of names and values, in Latin-1. */
import { permittedFields, type Field } from "../../../wasi/http/fields.ts";

/** As they came, without those that are the transport's own. */
export function fieldsOf(raw: readonly string[]): Field[] {
  const fields: Field[] = [];
  for (let at = 0; at + 1 < raw.length; at += 2) {
    fields.push([(raw[at] ?? "").toLowerCase(), Buffer.from(raw[at + 1] ?? "", "latin1")]);
  }
  return permittedFields(fields);
}

/** A value as Node takes it. */
export function textOf(value: Uint8Array): string {
  return Buffer.from(value.buffer, value.byteOffset, value.length).toString("latin1");
}

/** As Node takes them. */
export function flatOf(fields: readonly Field[]): string[] {
  return fields.flatMap(([name, value]) => [name, textOf(value)]);
}

/** The value of a field that came, if there is one. */
export function rawValue(raw: readonly string[], name: string): string | undefined {
  for (let at = 0; at + 1 < raw.length; at += 2) if (raw[at]?.toLowerCase() === name) return raw[at + 1];
  return undefined;
}
