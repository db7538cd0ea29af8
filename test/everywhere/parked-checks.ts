/** What depends on the ways of waiting: each claim whose streams are not there at once, and all files. */
import { claims } from "../guests/claims.ts";
import type { Check } from "./check.ts";
import { fileChecks } from "./file-checks.ts";
import { guestChecks } from "./guest-checks.ts";

/** What waits 50 ms for another thread to have got on, which nobody can promise. */
const RACES: ReadonlySet<string> = new Set(["failure-taken-by"]);

const waiting = claims.filter(
  ({ name, stdin, stdout }) =>
    !RACES.has(name) &&
    ((stdin !== undefined && stdin.kind !== "bytes" && stdin.kind !== "closed") ||
      (stdout !== undefined && stdout.kind !== "collect")),
);
const names = new Set(waiting.map(({ name }) => name));

export const parkedChecks: readonly Check[] = [
  ...fileChecks,
  ...guestChecks.filter(({ title }) => {
    const [, name = ""] = /(?:^| )([a-z0-9-]+): /.exec(title) ?? [];
    return names.has(name) && title.endsWith(", leased");
  }),
];
