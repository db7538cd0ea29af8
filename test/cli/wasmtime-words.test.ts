/** What Wasmtime's users type after `-S` and `-W`. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { commandOf, type RunOptions } from "../../src/cli/command.ts";
import { UsageError } from "../../src/cli/usage.ts";

const OWN = { HOME: "/root", LANG: "C" };

function options(...given: readonly string[]): RunOptions {
  const command = commandOf(["run", ...given, "app.wasm"], OWN);
  assert.ok(command.name === "run");
  return command.options;
}

const NOTHING = options();

function refused(given: readonly string[], message: string): void {
  assert.throws(
    () => options(...given),
    (error) => error instanceof UsageError && error.message === message,
  );
}

describe("-S", () => {
  for (const given of [
    ["-Scli"],
    ["-S", "common"],
    ["-S", "cli=y,p3,preview2=yes"],
    ["-Sp3,cli-exit-with-code,network-error-code"],
    ["-S", "inherit-stdin,inherit-stdout,inherit-stderr=true"],
  ]) {
    test(`${given.join(" ")} is so anyway`, () => assert.deepEqual(options(...given), NOTHING));
  }

  test("inherit-env passes on all of the environment", () => {
    assert.deepEqual(options("-S", "inherit-env").env, OWN);
    assert.deepEqual(options("-Sp3,inherit-env=y", "--env", "LANG=de").env, { ...OWN, LANG: "de" });
    assert.deepEqual(options("-S", "inherit-env=n").env, {});
  });

  test("what is always there cannot be taken away", () => {
    refused(["-S", "cli=n"], "-S cli cannot be switched off: leave it out");
  });

  for (const word of ["nn", "keyvalue", "", "cli=maybe", "p3=", "inherit-env=1", "__proto__", "constructor=y"]) {
    test(`${JSON.stringify(word)} is refused`, () => {
      refused(
        ["-S", `tcp,${word}`],
        "-S expects inherit-network, tcp, udp, allow-ip-name-lookup, http, inherit-env, each alone or with =y or =n; " +
          `got ${JSON.stringify(word)}: a guest has what --dir, --env and the like say, and nothing else has to be switched on`,
      );
    });
  }
});

describe("-W", () => {
  for (const given of [
    ["-Wcomponent-model-async"],
    ["-W", "component-model-async=y,component-model-async-stackful"],
    ["-W", "exceptions", "-W", "gc,function-references,all-proposals=true"],
  ]) {
    test(`${given.join(" ")} is so anyway`, () => assert.deepEqual(options(...given), NOTHING));
  }

  test("a time-out may stand among features", () => {
    assert.equal(options("-W", "simd,timeout=2s,gc").timeout, 2000);
    assert.equal(options("-W", "timeout=2s", "-Wsimd").timeout, 2000);
    assert.equal(options("-W", "timeout=2s", "-Wtimeout=3").timeout, 3000);
  });

  test("a feature cannot be taken away", () => {
    refused(["-W", "simd=n"], "-W simd cannot be switched off: leave it out");
  });

  for (const word of ["fuel=1", "stack-switching", "", "simd=maybe", "constructor"]) {
    test(`${JSON.stringify(word)} is refused`, () => {
      refused(
        ["-W", `simd,${word}`],
        `-W expects timeout=DURATION, or a feature that is on anyway; got ${JSON.stringify(word)}: ` +
          "limits are set with --limit NAME=NUMBER, see docs/limits.md",
      );
    });
  }
});
