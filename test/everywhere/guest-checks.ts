/**
 * Every claim of every guest, on in-process streams, on each of the ways that its calls can take: answered by
 * WebAssembly where that can be, by the fast functions without it, and, with a trace, by the general ones.
 */
import type { Options } from "../../src/browser.ts";
import { PushSink } from "../../src/io/push-sink.ts";
import { claims } from "../guests/claims.ts";
import type { Claim } from "../guests/claims/claim.ts";
import { holds, joined, same, textOf, type Check, type Host } from "./check.ts";
import { stdinOf, stdoutOf } from "./scene.ts";

const WAYS = ["leased", "fast", "traced"] as const;

/** The last calls of a guest, for who wonders why it failed. */
const CALLS_KEPT = 20;

async function play(claim: Claim, way: (typeof WAYS)[number], { compile, run, file, turn }: Host): Promise<void> {
  const component = await compile(await file(`built/${claim.name}.wasm`));
  const stdout = stdoutOf(claim.stdout, turn);
  const stderr: Uint8Array[] = [];
  const over = new AbortController();
  const calls: string[] = [];
  const options: Options = {
    leases: way !== "fast",
    args: claim.args ?? [claim.name],
    env: claim.env ?? {},
    stdin: stdinOf(claim.stdin, turn),
    stdout,
    // A sink that stalls would hold up the end of the run for ever: that the guest is over, standard error is told too.
    stderr: new PushSink(
      (chunk) => void stderr.push(chunk.slice()),
      () => {
        if (claim.stdout?.kind === "stalled") over.abort("the guest is over");
      },
    ),
    signal: over.signal,
    ...(claim.limits && { limits: claim.limits }),
    ...(claim.permits && { permits: claim.permits }),
    ...(way === "traced" && {
      trace: (name: string, _values: readonly unknown[], outcome: string) => {
        calls.push(`${name} ${outcome}`);
        if (calls.length > CALLS_KEPT) calls.shift();
      },
    }),
  };
  const outcome = await run(component, options).then(
    ({ exitCode }) => `exit ${exitCode}`,
    (error: unknown) => (error === "the guest is over" ? "exit 0" : `trap ${String(error)}`),
  );
  const said = `${textOf(stderr)}${calls.join("\n")}`;
  if ("exit" in claim.expect) same("outcome", outcome, `exit ${claim.expect.exit}`, said);
  else {
    const { trap } = claim.expect;
    holds(outcome.startsWith("trap ") && outcome.includes(trap), `${outcome}\nshould say: ${trap}\n${said}`);
    same("stderr", textOf(stderr), "");
  }
  if (claim.stdoutText !== undefined) same("stdout", textOf(stdout.chunks), claim.stdoutText);
  if (claim.stdoutBytes !== undefined) same("bytes of stdout", joined(stdout.chunks).length, claim.stdoutBytes);
}

export const guestChecks: readonly Check[] = claims.flatMap((claim) => {
  const how = [claim.stdin?.kind, claim.stdout?.kind, claim.args?.slice(1).join(" ")].filter(Boolean).join(", ");
  const title = `${claim.rules.join(" ")} ${claim.name}: ${claim.claim}${how && ` (${how})`}`;
  return WAYS.map((way) => ({ title: `${title}, ${way}`, play: (host: Host) => play(claim, way, host) }));
});
