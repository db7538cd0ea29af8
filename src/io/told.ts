import { harmless } from "./quoted.ts";
import { isObject } from "./shape.ts";

/** The most that is told of a value. */
const MAX_LENGTH = 80;

/** A value that somebody gave in the place of another, for a message: short, and on one line. Throws nothing, whatever it is. */
export function told(value: unknown): string {
  try {
    return harmless(textOf(value));
  } catch {
    // A proxy that is revoked, or members that throw.
    return `${typeof value === "function" ? "a function" : "an object"} that cannot be looked at`;
  }
}

function textOf(value: unknown): string {
  if (ArrayBuffer.isView(value)) return `${value.byteLength} bytes`;
  if (typeof value === "function") return "a function";
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "string") return cut(JSON.stringify(value));
  return isObject(value) ? toldObject(value) : String(value);
}

function toldObject(value: object): string {
  const { name } = Object(value.constructor) as { readonly name?: unknown };
  if (!Array.isArray(value) && typeof name === "string" && name !== "Object") return `an object ${name}`;
  try {
    return cut(JSON.stringify(value, (_, part: unknown) => (part === undefined ? "undefined" : part)));
  } catch {
    // It holds itself, or a bigint.
    return Array.isArray(value) ? "an array" : "an object";
  }
}

function cut(text: string): string {
  return text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH - 3)}...` : text;
}
