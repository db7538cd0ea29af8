import { readFileSync } from "node:fs";
import type { Command } from "./command.ts";

/** Each fits a terminal of 80 by 24. */
const TEXTS = {
  sluice: `Runs WebAssembly components with WASI 0.2, with streams that flow.

Usage: sluice [run] [options] app.wasm [arguments...]
       sluice types app.wasm
       sluice inspect [--json] app.wasm
       sluice help [run | types | inspect]

Commands:
  run           Runs a command component. \`sluice app.wasm\` does the same.
  types         Prints declarations of TypeScript for what embeds it.
  inspect       Tells what it imports and exports, its size and what it needs.
  help run      Lists the options of run.

Options:
  -h, --help      Shows this.
  -V, --version   Shows the version.

Examples:
  sluice wc.wasm < README.md
  sluice run --env LANG=C --stats app.wasm --its-own-option

Exit codes: the guest's own; 1 if sluice cannot run it, 134 if it traps,
130 or 143 if a signal ends it, 70 for an error of sluice itself.
`,
  run: `Usage: sluice run [options] app.wasm [arguments...]

Runs a command component to its end. It has sluice's standard input, output
and error. Whatever follows app.wasm is for the guest.

Options:
  --dir HOST[::GUEST]  Gives the guest a directory, under another name if you
                       say so. --ro-dir: only to read. Both may be repeated.
  --env NAME=VALUE     Sets a variable of the guest, which otherwise has none.
  --env NAME           Passes on yours. May be repeated. --inherit-env: all.
  --invoke 'f(1, "x")' Calls a function of the component, and prints its result.
  --plug LIB.wasm      Gives what LIB.wasm exports to those who import it.
  --net                Gives it the network. --connect HOST|CIDR[:PORT], --listen
                       [ADDR:]PORT: only that. --deny-private: no private peers.
  --argv0 NAME         What the guest sees as its own name, if not app.wasm.
  --stats              Shows at the end what each standard stream carried.
  --progress           Shows what flows, while it does, if stderr is a terminal.
  --trace              Shows each WASI call and its result on stderr.
  --timeout 30s        Ends the guest then; also 500ms, 2m, or seconds alone.
  --permits budget     Lets several writes share what one check-write permits.
  --limit NAME=NUMBER  Changes a limit, see docs/limits.md. May be repeated.
  --help               Shows this.
`,
  types: `Usage: sluice types app.wasm

Prints a module of TypeScript: the types Imports, for the option imports of
instantiate, and Exports, for what an instance has. Nothing of it runs.

Options:
  --help               Shows this.

Example:
  sluice types app.wasm > app.ts
`,
  inspect: `Usage: sluice inspect [--json] app.wasm

Prints the world of a component as WIT and, in comments, what sluice provides
of its imports, whether it is a command, and what its bytes are. Of a core
module it lists the imports and exports. Nothing of it runs.

Options:
  --json               Prints the same as JSON.
  --help               Shows this.
`,
};

export function helpText(topic: (Command & { readonly name: "help" })["topic"]): string {
  return TEXTS[topic];
}

export function version(): string {
  const file = new URL("../../package.json", import.meta.url);
  const { version: number } = JSON.parse(readFileSync(file, "utf8")) as { readonly version: string };
  return number;
}
