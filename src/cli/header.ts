/** What `--header` gives each request, in the place of what it came with. */
import { readFileSync } from "node:fs";
import { messageOf } from "../io/cause.ts";
import type { HttpRequest } from "../wasi/http/exchange.ts";
import { isFieldValue, isToken, isTransports, type Field } from "../wasi/http/fields.ts";
import { isAuthority } from "../wasi/http/message.ts";
import { UsageError } from "./usage.ts";

/** A request as a guest is given it. */
export type Dress = (request: HttpRequest) => HttpRequest;

/**
 * @param given `NAME: VALUE`, or `@FILE` with one on each line. Several of one name are all kept; `host` is whom the request is for.
 * @returns Nothing if none is given.
 * @throws {UsageError}
 */
export function dressOf(given: readonly string[]): Dress | undefined {
  if (given.length === 0) return undefined;
  let host: string | undefined;
  const fields: Field[] = [];
  for (const line of given.flatMap(linesOf)) {
    const [name, value] = fieldIn(line);
    if (name === "host") host = authorityIn(value, line);
    else if (isTransports(name) || name === "content-length") {
      throw refused("a field that is not the transport's own", line);
    } else fields.push([name, Buffer.from(value)]);
  }
  const names = new Set(fields.map(([name]) => name));
  return (request) => ({
    ...request,
    authority: host ?? request.authority,
    headers: [...request.headers.filter(([name]) => !names.has(name)), ...fields],
  });
}

function linesOf(text: string): string[] {
  if (!text.startsWith("@")) return [text];
  try {
    const lines = readFileSync(text.slice(1), "utf8").split(/\r?\n/);
    return lines.filter((line) => line.trim() !== "");
  } catch (cause) {
    throw new UsageError(`--header @FILE expects a file with a field on each line: ${messageOf(cause)}`);
  }
}

/** Its name in lower case, and its value without the blanks around it. */
function fieldIn(line: string): readonly [name: string, value: string] {
  const colon = line.indexOf(":");
  const name = line.slice(0, Math.max(colon, 0));
  const value = line.slice(colon + 1).trim();
  if (!isToken(name) || !isFieldValue(Buffer.from(value))) {
    throw refused("NAME: VALUE, or @FILE with one on each line, such as --header 'x-by: me'", line);
  }
  return [name.toLowerCase(), value];
}

function authorityIn(value: string, line: string): string {
  if (!isAuthority(value)) throw refused("a host, with :PORT or without, as the value of host", line);
  return value;
}

function refused(expected: string, line: string): UsageError {
  return new UsageError(`--header expects ${expected}; got ${JSON.stringify(line)}`);
}
