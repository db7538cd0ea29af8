/** A notation in which one behaviour of a permit or an output stream is one line. */
import assert from "node:assert/strict";
import { StreamError } from "../../src/io/errors.ts";
import { Outlet } from "../../src/io/outlet.ts";
import { OutputStream } from "../../src/io/output-stream.ts";
import { Permit, type PermitMode } from "../../src/io/permit.ts";
import { Trap } from "../../src/io/trap.ts";
import { FaultySink } from "../../src/testing/index.ts";

/** What a call came to: its value, `closed`, `failed` or `trap`. Anything else thrown is a mistake, and thrown on. */
export function outcomeOf(call: () => unknown): unknown {
  try {
    return call() ?? "ok";
  } catch (error) {
    if (error instanceof Trap) return "trap";
    if (error instanceof StreamError) return error.payload.tag === "closed" ? "closed" : "failed";
    throw error;
  }
}

/** All sequences of `length` of these. */
export function* sequences<T>(alphabet: readonly T[], length: number): Generator<readonly T[]> {
  const digits = Array.from({ length }, () => 0);
  for (;;) {
    yield digits.flatMap((digit) => alphabet.slice(digit, digit + 1));
    let place = length - 1;
    while (place >= 0 && digits[place] === alphabet.length - 1) digits[place--] = 0;
    if (place < 0) return;
    digits[place] = (digits[place] ?? 0) + 1;
  }
}

type Commands = Readonly<Record<string, (count: number) => unknown>>;

/**
 * Runs the words of `script`. A word is `name` or `name:count`, and may say what must come of it: `name=value`,
 * `name!closed`, `name!failed`, `name!trap`. A word that says nothing must succeed.
 */
function run(script: string, commands: Commands): void {
  for (const word of script.split(" ")) {
    const [, name = "", count = "0", sign, expected] = /^(\w+)(?::(\d+))?(?:([=!])(\w+))?$/.exec(word) ?? [];
    const command = commands[name];
    assert.ok(command, `no such word: ${word}`);
    const actual = outcomeOf(() => command(Number(count)));
    const where = `${word} in "${script}"`;
    if (expected !== undefined) assert.equal(String(actual), expected, where);
    else assert.ok(!["closed", "failed", "trap"].includes(String(actual)), `${where} gave ${String(actual)}`);
    assert.ok(sign !== "!" || typeof actual === "string", where);
  }
}

/**
 * A permit: `grant:n` `spend:n` `flush` `flushed` `fail` `close` `report` `granted=n`.
 */
export function playPermit(script: string, mode?: PermitMode): void {
  const permit = new Permit(mode);
  run(script, {
    grant: (count) => permit.grant(count),
    spend: (count) => permit.spend(count),
    flush: () => permit.beginFlush(),
    flushed: () => permit.endFlush(),
    fail: () => permit.fail(new Error("broken")),
    close: () => permit.close(),
    report: () => permit.report(),
    granted: () => permit.granted,
    state: () => permit.state,
  });
}

/**
 * An output stream that holds 8 bytes, over a sink that takes none: `permit=n` is check-write, `write:n` is what a guest
 * should do (check, then write), `raw:n` is a write alone, `zeroes:n`, `flush`, `ready=true`; the sink takes n bytes
 * with `drain:n`, breaks with `fail`, and is gone with `leave`; `arrived=n`, `held=n` count bytes.
 */
export function play(script: string, permits?: PermitMode): void {
  const sink = new FaultySink({ stallAt: 0 });
  const outlet = new Outlet(sink, 8);
  const output = new OutputStream(outlet, permits);
  run(script, {
    permit: () => output.checkWrite(),
    write(count) {
      output.checkWrite();
      output.write(new Uint8Array(count));
    },
    raw: (count) => output.write(new Uint8Array(count)),
    zeroes: (count) => output.writeZeroes(count),
    flush: () => output.flush(),
    ready: () => output.ready(),
    drain: (count) => sink.release(count),
    fail: () => sink.fail(new Error("broken")),
    leave: () => sink.leave(),
    arrived: () => sink.bytes().length,
    held: () => outlet.bufferedBytes,
    drop: () => output.drop(),
  });
}
