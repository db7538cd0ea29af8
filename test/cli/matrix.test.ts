/**
 * The claims of the guests once more, by the real command: over pipes, over files, and on a terminal. Those whose
 * streams must do what no pipe does (fail in the middle, stall for ever) are played in test/guests alone.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { describe, test } from "node:test";
import { claims } from "../guests/claims.ts";
import type { Claim } from "../guests/claims/claim.ts";
import { NOT_UNIX, shell, type Ended } from "./support.ts";

/** BSD's `script` has other options. */
const NO_TERMINAL =
  !/util-linux/.test(spawnSync("script", ["--version"], { encoding: "utf8" }).stdout ?? "") &&
  "needs `script` of util-linux for a pseudo-terminal";

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

function commandLine({ name, args = [], env = {}, permits, limits = {} }: Claim): string {
  const [argv0 = name, ...rest] = args;
  return [
    "sluice run --argv0",
    quoted(argv0),
    ...Object.entries(env).map(([key, value]) => `--env ${quoted(`${key}=${value}`)}`),
    ...Object.entries(limits).map(([key, value]) => `--limit ${key}=${value}`),
    ...(permits ? [`--permits ${permits}`] : []),
    `$G/${name}.wasm`,
    ...rest.map(quoted),
  ].join(" ");
}

const inputOf = ({ stdin }: Claim): string => (stdin?.kind === "bytes" ? stdin.text : "");

const ordinary = claims.filter(
  ({ stdin, stdout }) =>
    (stdin === undefined || stdin.kind === "bytes" || stdin.kind === "closed") &&
    (stdout === undefined || stdout.kind === "collect"),
);

function check({ expect, stdoutText, stdoutBytes }: Claim, { code, stdout, stderr }: Ended): void {
  if ("exit" in expect) assert.equal(code, expect.exit, stderr);
  else {
    assert.equal(code, 134, stderr);
    assert.ok(stderr.includes(expect.trap), stderr);
  }
  if (stdoutText !== undefined) assert.equal(stdout, stdoutText);
  if (stdoutBytes !== undefined) assert.equal(Buffer.byteLength(stdout), stdoutBytes);
}

/** Each gives the outcome of the command in the middle, with its output on standard output. */
const WAYS: Record<string, (line: string, input: string) => string> = {
  pipes: (line, input) => `{ printf %s ${quoted(input)} | ${line}; echo $? >&3; } | cat`,
  files: (line, input) => `printf %s ${quoted(input)} > in; ${line} < in > out; echo $? >&3; cat out`,
};

async function play(claim: Claim, way: (line: string, input: string) => string): Promise<void> {
  const script = `cd "$(mktemp -d)"; { ${way(commandLine(claim), inputOf(claim))}; } 3> code; cat code >&2; rm -r "$PWD"`;
  const { stdout, stderr, signal } = await shell(script);
  const code = Number(stderr.trimEnd().split("\n").at(-1));
  check(claim, { code, signal, stdout, stderr });
}

for (const [name, way] of Object.entries(WAYS)) {
  describe(`over ${name}`, { concurrency: 2, skip: NOT_UNIX }, () => {
    for (const claim of ordinary) {
      test(`${claim.name} ${claim.args?.slice(1).join(" ") ?? ""}`.trim(), () => play(claim, way));
    }
  });
}

describe("on a terminal", { concurrency: 2, skip: NOT_UNIX || NO_TERMINAL }, () => {
  for (const claim of ordinary) {
    // There is no terminal at its end, and one guest asks that there is none.
    if (claim.stdin !== undefined || claim.name === "terminals-none") continue;
    test(`${claim.name} ${claim.args?.slice(1).join(" ") ?? ""}`.trim(), async () => {
      const inner = `sluice() { "$NODE" "$BIN" "$@"; }; ${commandLine(claim)} < /dev/null`;
      const outcome = await shell(`exec script -qec ${quoted(inner)} /dev/null`, { env: { SHELL: "/bin/sh" } });
      // A terminal shows both streams, with its own line ends.
      const shown = outcome.stdout.replaceAll("\r\n", "\n");
      const { stdoutText, stdoutBytes, ...rest } = claim;
      check(rest, { ...outcome, stderr: shown });
      if (stdoutText !== undefined) assert.ok(shown.includes(stdoutText), shown);
      assert.ok(stdoutBytes === undefined || shown.length >= stdoutBytes, shown);
    });
  }
});
