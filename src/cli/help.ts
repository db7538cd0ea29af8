import type { Command } from "./command.ts";
import { NATS_TEXTS } from "./nats/help.ts";
import { optionsHelp } from "./options.ts";

/** Each fits a terminal of 80 by 24. */
const TEXTS = {
  ...NATS_TEXTS,
  sluice: `Runs WebAssembly components with WASI 0.2, with streams that flow.

Usage: sluice [run] [options] app.wasm [arguments...]
       sluice serve [options] app.wasm
       sluice build app.wasm -o DIR
       sluice types | inspect [--json] app.wasm
       sluice work | pipe | put | get ...
       sluice help [COMMAND]

Commands:
  run           Runs a command component. \`sluice app.wasm\` does the same.
  serve         Answers HTTP with it: an instance for each request.
  build         Prepares it for where nothing is compiled at run time.
  types         Prints declarations of TypeScript for what embeds it.
  inspect       Tells what it imports and exports, its size and what it needs.
  work          Carries out jobs of a NATS queue; pipe, put, get: its streams.
  -h, --help      Shows this; -V, --version shows the version.

Example:
  sluice run --env LANG=C --stats app.wasm --its-own-option

Exit codes: the guest's own; 1 if sluice cannot run it, 134 if it traps,
130 or 143 if a signal ends it, 70 for an error of sluice itself.
`,
  run: `Usage: sluice run [options] app.wasm [arguments...]

Runs a command component to its end, on sluice's own standard streams. What
follows app.wasm is for the guest. Options that name something may be repeated.

Options:
${optionsHelp("run")}`,
  serve: `Usage: sluice serve [options] app.wasm

Answers HTTP with a component that exports wasi:http/incoming-handler (WASI
0.2) or wasi:http/handler (0.3): an instance for each request. Ends on SIGINT
or SIGTERM when all is answered.
--dir, --env, --http, --plug, --timeout and the like are those of run.

Options:
${optionsHelp("serve")}`,
  build: `Usage: sluice build app.wasm -o DIR

Compiles nothing, and writes what others compile: core modules, those that
sluice puts around them, and modules of JavaScript that run them. The component
is instantiated for that, with nothing given to it.

  DIR/index.js         For Node, Deno, Bun and pages.
  DIR/worker.js        For workerd, as Cloudflare's workers.

Both export run, instantiate and serve, for this component. What it imports
that is not WASI is still given in the option imports.

Options:
  -o, --output DIR     Where it is put. Files of these names are replaced.
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
