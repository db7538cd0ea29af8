/** What `inspect` and `types` tell of guests, in a process that has loaded none. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { inspect, types } from "../../src/inspect.ts";

const built = new URL("../guests/built/", import.meta.url);

/** What nobody provides, of the guests that are there to lack something. */
const LACKING: Readonly<Record<string, readonly string[]>> = {
  "missing-import.wasm": ["vendor:missing/thing@1.2.3"],
  "p1/p1-missing.wasm": ["env#thing", "wasi_unstable#fd_write", "wasi_snapshot_preview1#no_such"],
  "scale.wasm": ["docs:demo/host"],
  "tasks-c.wasm": ["host"],
};

test("all that guests import is provided, whichever WASI it is of", () => {
  const lacking = readdirSync(built, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".wasm"))
    .map((name) => [name, inspect(readFileSync(new URL(name, built))).missing] as const)
    .filter(([, missing]) => missing.length > 0);
  assert.deepEqual(Object.fromEntries(lacking), LACKING);
});

test("declarations have as optional what is provided, whichever WASI it is of", () => {
  for (const name of ["http-claims", "http-p3", "sockets-rust", "sockets-p3"]) {
    const [imports = ""] = types(readFileSync(new URL(`${name}.wasm`, built))).split("export type Exports");
    const names = [...imports.matchAll(/^ {2}readonly "(wasi:[^"]+)"(\??):/gm)];
    assert.ok(
      names.some(([, wit]) => wit?.includes("/types@") || wit?.includes("/tcp@")),
      name,
    );
    assert.deepEqual(
      names.filter(([, , optional]) => optional === "").map(([, wit]) => wit),
      [],
      name,
    );
  }
});
