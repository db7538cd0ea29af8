import { givenText } from "./given.ts";
import type { MsgHdrs } from "./client-types.ts";
import type { Mark, OutputEnd, SegmentMark } from "./log.ts";

/** Names of the headers that our writers put on records. */
const WRITER = "Sluice-Writer";
const OFFSET = "Sluice-Offset";
/** The exit code, or nothing. */
const EOF = "Sluice-Eof";
const DIGEST = "Sluice-Digest";
const FIRST = "Sluice-First";
/** Of a stage: component, first input, start, hash, last input or nothing, with spaces between. */
const SEGMENT = "Sluice-Segment";
const ATTEMPT = "Sluice-Attempt";
/** Why, as JSON: it may have any character. */
const DEAD = "Sluice-Dead";

/** What the headers of a record may take, of what the broker permits for a message. */
export const HEADER_BYTES = 1024;

export function setMark(headers: MsgHdrs, { writer, offset, end, segment, attempt, dead }: Mark): void {
  headers.set(WRITER, writer);
  headers.set(OFFSET, String(offset));
  if (segment) {
    const { component, first, start, hash, last } = segment;
    headers.set(SEGMENT, [component, first, start, hash, last ?? ""].join(" ").trimEnd());
  }
  if (attempt !== undefined) headers.set(ATTEMPT, String(attempt));
  if (dead !== undefined) headers.set(DEAD, JSON.stringify(dead));
  if (!end) return;
  headers.set(EOF, end.exitCode === undefined ? "" : String(end.exitCode));
  if (end.digest !== undefined) headers.set(DIGEST, end.digest);
  if (end.first !== undefined) headers.set(FIRST, String(end.first));
}

/** What a record's headers say; nothing if they are not ours, or not as we write them. */
export function markOf(headers: MsgHdrs | undefined): Mark | undefined {
  const offset = numberIn(headers, OFFSET);
  const writer = headers && textIn(headers, WRITER);
  if (!headers || writer === undefined || writer === "" || offset === undefined) return undefined;
  const segment = segmentOf(textIn(headers, SEGMENT));
  const attempt = numberIn(headers, ATTEMPT);
  return {
    writer,
    offset,
    ...(headers.has(EOF) && { end: endOf(headers) }),
    ...(segment && { segment }),
    ...(attempt !== undefined && { attempt }),
    ...(headers.has(DEAD) && { dead: textOf(textIn(headers, DEAD)) }),
  };
}

function textOf(json: string): string {
  try {
    return String(JSON.parse(json));
  } catch {
    return json;
  }
}

function segmentOf(text: string): SegmentMark | undefined {
  const [, component = "", first, start, hash = "", last] =
    /^([0-9a-f]{64}) (\d{1,15}) (\d{1,15}) ([0-9a-f]{64})(?: (\d{1,15}))?$/.exec(text) ?? [];
  if (first === undefined) return undefined;
  return {
    component,
    first: Number(first),
    start: Number(start),
    hash,
    last: last === undefined ? undefined : Number(last),
  };
}

function endOf(headers: MsgHdrs): OutputEnd {
  const digest = textIn(headers, DIGEST);
  return {
    exitCode: numberIn(headers, EOF),
    digest: digest === "" ? undefined : digest,
    first: numberIn(headers, FIRST),
  };
}

function numberIn(headers: MsgHdrs | undefined, name: string): number | undefined {
  const text = headers ? textIn(headers, name) : "";
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

function textIn(headers: MsgHdrs, name: string): string {
  return givenText(`header ${name}`, headers.get(name));
}
