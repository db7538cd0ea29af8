/** What the loader costs: calls of exports, calls between components, decoding, making instances. */
import { OURS, type Case, type Measurement } from "../case.ts";
import { componentPath } from "../components.ts";
import { program } from "../contestants.ts";
import { guestPath } from "../peer.ts";
import { numberIn, runCommand } from "../processes.ts";

const ROUNDS = 5;
/** How long each sample is measured for. */
const MS = "60";
/** For what suspends a stack: V8 is done with optimizing such a loop, of a core function too, after 64,000 calls. */
const AWAITED_MS = "250";

/** The same without a component: a core module's export, its instance, a call between two. */
const CORE = "core module";
/** As many copies of the bytes as must be. */
export const COPIES = "copies";

type Path = () => Promise<string>;

function nsOf(what: string, ...paths: readonly Path[]): Measurement {
  return nsFor(MS, what, ...paths);
}

function nsFor(ms: string, what: string, ...paths: readonly Path[]): Measurement {
  return async () => {
    const found = await Promise.all(paths.map((path) => path()));
    return numberIn((await runCommand(program("loader", what, ms, ...found))).stdout, "ns");
  };
}

function inUnit(measurement: Measurement, ns: number): Measurement {
  return async () => (await measurement()) / ns;
}

const guest =
  (name: string): Path =>
  () =>
    Promise.resolve(guestPath(name));
const demo = guest("multi-export");
const echo: Path = () => componentPath("echo");
const pair: Path = () => componentPath("pair");
const caller: Path = () => componentPath("caller");
const callee: Path = () => componentPath("callee");
const copier: Path = () => componentPath("copier");

export function loader(): readonly Case[] {
  const row = (id: string, what: string, contestants: Case["contestants"]): Case => {
    return { id, what, unit: "ns", better: "less", rounds: ROUNDS, contestants };
  };
  const msRow = (id: string, what: string, contestants: Readonly<Record<string, Measurement>>): Case => ({
    ...row(id, what, Object.fromEntries(Object.entries(contestants).map(([name, each]) => [name, inUnit(each, 1e6)]))),
    unit: "ms",
  });
  return [
    row("add", "an export `(u32, u32) -> u32`, awaited", {
      [OURS]: nsFor(AWAITED_MS, "add", demo),
      [CORE]: nsFor(AWAITED_MS, "add-promising", demo),
    }),
    row("add-sync", "the same with `syncExports`", {
      [OURS]: nsOf("add-sync", demo),
      [CORE]: nsOf("add-core", demo),
    }),
    row("greet", "an export `(string) -> string`, of a few letters, awaited", {
      [OURS]: nsFor(AWAITED_MS, "greet", demo),
    }),
    row("greet-sync", "the same with `syncExports`", { [OURS]: nsOf("greet-sync", demo) }),
    row("text", "a string of 64 KiB into an export and out, `syncExports`", {
      [OURS]: nsOf("text", echo),
      [COPIES]: nsOf("text-copies"),
    }),
    row("bytes", "`list<u8>` of 64 KiB into an export and out, `syncExports`", {
      [OURS]: nsOf("bytes", echo),
      [COPIES]: nsOf("bytes-copies"),
    }),
    row("pair-add", "`(u32, u32) -> u32` from component to component", {
      [OURS]: nsOf("pair-add", pair),
      [CORE]: nsOf("core-add", caller, callee),
    }),
    row("pair-text", "a string of 20 bytes from component to component", { [OURS]: nsOf("pair-text", pair) }),
    row("pair-bytes", "`list<u8>` of 32 KiB from component to component", {
      [OURS]: nsOf("pair-bytes", pair),
      [COPIES]: nsOf("core-copy", copier),
    }),
    msRow("instantiate", "an instance of hello, which is compiled", {
      [OURS]: nsOf("instantiate", guest("hello")),
      [CORE]: nsOf("instantiate-core", guest("hello")),
    }),
    ...["hello", "files-go"].map((name) =>
      msRow(`plan-${name}`, `${name} is decoded and planned`, { [OURS]: nsOf("plan", guest(name)) }),
    ),
  ];
}
