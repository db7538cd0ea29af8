/** What WASI 0.3 costs beside 0.2: copies of streams, and calls that may take long. */
import { OURS, type Case, type Measurement } from "../case.ts";
import { componentPath } from "../components.ts";
import { program, WASMTIME, type Contestants } from "../contestants.ts";
import { MIB, rateAtReader } from "../flow.ts";
import { guestPath } from "../peer.ts";
import { numberIn, runCommand } from "../processes.ts";
import { receive, send, type Play } from "./sockets.ts";

const ROUNDS = 5;
/** How long each sample is measured for. */
const MS = "60";
const TOTAL = 256 * MIB;
/** Over a connection, in MiB. */
const SENT = 512;

/** The same guest, or call, by WASI 0.2. */
export const BEFORE = "Sluice, 0.2";
/** The same call, not asynchronous. */
export const SYNC = "sync";

function nsOf(what: string): Measurement {
  return async () =>
    numberIn((await runCommand(program("async", what, MS, await componentPath("async")))).stdout, "ns");
}

function rateOf(guest: string): Measurement {
  return async () => numberIn((await runCommand(program("async", "rate", MS, guestPath(guest)))).stdout, "rate");
}

export function async({ guests, peer }: Contestants): readonly Case[] {
  const calls = (id: string, what: string, contestants: Case["contestants"]): Case => {
    return { id, what, unit: "ns", better: "less", rounds: ROUNDS, contestants };
  };
  const rates = (id: string, what: string, contestants: Case["contestants"]): Case => {
    return { id, what, unit: "MiB/s", better: "more", rounds: ROUNDS, contestants };
  };
  const piped = (who: string, guest: string): Measurement | string => {
    const command = guests[who];
    if (command === undefined || typeof command === "string") return command ?? "is not at hand";
    return async () => {
      const argv = await command(guest, []);
      return rateAtReader([["head", "-c", String(TOTAL), "/dev/zero"], withAsync(who, argv)], TOTAL, {});
    };
  };
  const connected = (who: string, guest: string, play: Play): Measurement | string => {
    const command = guests[who];
    if (command === undefined || typeof command === "string") return command ?? "is not at hand";
    if (typeof peer === "string") return peer;
    return () => play(async (args) => withAsync(who, await command(guest, args, { network: true })), SENT, peer);
  };
  const connection = (id: string, what: string, play: Play): Case =>
    rates(id, what, {
      [OURS]: connected(OURS, "bench-sockets-p3", play),
      [BEFORE]: connected(OURS, "bench-sockets", play),
      [WASMTIME]: connected(WASMTIME, "bench-sockets-p3", play),
    });
  return [
    rates("cat", "`cat` within a process, from memory to nowhere", {
      [OURS]: rateOf("p3-cat"),
      [BEFORE]: rateOf("copy-loop"),
    }),
    rates("cat-pipe", "`cat`, pipe to pipe", {
      [OURS]: piped(OURS, "p3-cat"),
      [BEFORE]: piped(OURS, "copy-loop"),
      [WASMTIME]: piped(WASMTIME, "p3-cat"),
    }),
    connection("tcp-send", "TCP, sending pieces of 64 KiB", send(65_536)),
    connection("tcp-receive", "TCP, receiving what is sent in pieces of 64 KiB", receive(65_536)),
    calls("import", "an import that answers at once, called as async", {
      [OURS]: nsOf("async-import"),
      [SYNC]: nsOf("sync-import"),
    }),
    calls("export", "an async export that returns at once, awaited", {
      [OURS]: nsOf("async-export"),
      [SYNC]: nsOf("sync-export"),
    }),
    calls("subtasks", "one of 10,000 calls that are under way at once", { [OURS]: nsOf("subtasks") }),
  ];
}

/** What Wasmtime has to be told. */
function withAsync(who: string, command: readonly string[]): readonly string[] {
  if (who !== WASMTIME || command[0] !== "wasmtime") return command;
  const features = "component-model-async=y,component-model-async-stackful=y,component-model-more-async-builtins=y";
  return [...command.slice(0, 2), "-W", features, "-S", "p3", ...command.slice(2)];
}
