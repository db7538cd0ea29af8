/** All checks in Deno and in Bun, as programs of theirs. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { checks } from "./checks.ts";
import { expectedFailures, judge } from "./expected.ts";
import { nativeChecks } from "./native-checks.ts";
import { secureChecks } from "./secure-checks.ts";

const program = fileURLToPath(new URL("process.ts", import.meta.url));

const RUNTIMES = [
  { name: "Deno", command: "deno", options: ["run", "--allow-all", "--no-config"] },
  { name: "Bun", command: "bun", options: ["run"] },
] as const;

interface Played {
  readonly title: string;
  readonly failure?: string;
}

for (const { name, command, options } of RUNTIMES) {
  const file = fileURLToPath(new URL(`../../node_modules/.bin/${command}`, import.meta.url));
  describe(name, { skip: !existsSync(file) && `${command} is not installed` }, () => {
    const outcomes = new Map<string, Played>();

    before(async () => {
      // The certificates are the tests' own.
      const env = { ...process.env, NODE_TLS_REJECT_UNAUTHORIZED: "0" };
      const { stdout } = await promisify(execFile)(file, [...options, program], { env, maxBuffer: 2 ** 26 });
      for (const line of stdout.trimEnd().split("\n")) {
        const played = JSON.parse(line) as Played;
        outcomes.set(played.title, played);
      }
    });

    for (const { title } of [...nativeChecks, ...secureChecks, ...checks]) {
      test(title, () => {
        const played = outcomes.get(title);
        assert.ok(played, "it was not played");
        judge(name, title, played.failure);
      });
    }

    test("what is listed as failing is a check", () => {
      assert.deepEqual(
        Object.keys(expectedFailures[name] ?? {}).filter((title) => !outcomes.has(title)),
        [],
      );
    });
  });
}
