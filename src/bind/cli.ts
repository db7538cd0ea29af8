/** `wasi:cli` 0.2, as a guest calls it. */
import { InputStream } from "../io/input-stream.ts";
import { OutputStream } from "../io/output-stream.ts";
import type { StandardOutput, World } from "../wasi/world.ts";
import { list, nothing, option, own, returns, string, tuple, u8, variant } from "./abi.ts";
import { call, functions, resourceClass, type Definition } from "./func.ts";
import type { Instance } from "./instance.ts";
import { addInputStream, addOutputStream } from "./io.ts";
import type { Kind } from "./resources.ts";

const TERMINAL_INPUT: Kind<null> = { name: "terminal-input" };
const TERMINAL_OUTPUT: Kind<null> = { name: "terminal-output" };

/** @see WASI 0.2 `wasi:cli/environment` */
export function environment(instance: Instance, world: World): Record<string, unknown> {
  const name = (method: string): string => `wasi:cli/environment#${method}`;
  return functions(instance, {
    getEnvironment: () => call(name("get-environment"), [], returns(list(tuple(string, string))), () => world.env),
    getArguments: () => call(name("get-arguments"), [], returns(list(string)), () => world.args),
    initialCwd: () => call(name("initial-cwd"), [], returns(option(string)), () => world.cwd),
  });
}

/** @see WASI 0.2 `wasi:cli/exit` */
export function exit(instance: Instance, world: World): Record<string, unknown> {
  const status = variant({ ok: null, err: null });
  return functions(instance, {
    exit: () => call("wasi:cli/exit#exit", [status], nothing, ({ tag }) => world.exit(tag === "ok" ? 0 : 1)),
    exitWithCode: () => call("wasi:cli/exit#exit-with-code", [u8], nothing, (code) => world.exit(code)),
  });
}

/** @see WASI 0.2 `wasi:cli/stdin` */
export function stdin(instance: Instance, world: World): Record<string, unknown> {
  const { source, tally } = world.stdin;
  return functions(instance, {
    // Each call gives a handle of its own on the one stream (7.1).
    getStdin: () =>
      call("wasi:cli/stdin#get-stdin", [], returns(own), () =>
        addInputStream(instance, new InputStream(source, world.limits.readBytes, tally)),
      ),
  });
}

/** @see WASI 0.2 `wasi:cli/stdout` */
export function stdout(instance: Instance, world: World): Record<string, unknown> {
  return functions(instance, { getStdout: () => getOutput(instance, world, "stdout") });
}

/** @see WASI 0.2 `wasi:cli/stderr` */
export function stderr(instance: Instance, world: World): Record<string, unknown> {
  return functions(instance, { getStderr: () => getOutput(instance, world, "stderr") });
}

function getOutput(instance: Instance, world: World, which: "stdout" | "stderr"): Definition {
  const { outlet } = world[which];
  return call(`wasi:cli/${which}#get-${which}`, [], returns(own), () =>
    addOutputStream(instance, new OutputStream(outlet, world.permits)),
  );
}

/** @see WASI 0.2 `wasi:cli/terminal-input` */
export function terminalInput(instance: Instance): Record<string, unknown> {
  return { TerminalInput: resourceClass(instance, TERMINAL_INPUT, {}) };
}

/** @see WASI 0.2 `wasi:cli/terminal-output` */
export function terminalOutput(instance: Instance): Record<string, unknown> {
  return { TerminalOutput: resourceClass(instance, TERMINAL_OUTPUT, {}) };
}

/** @see WASI 0.2 `wasi:cli/terminal-stdin` */
export function terminalStdin(instance: Instance, world: World): Record<string, unknown> {
  return functions(instance, {
    getTerminalStdin: () => terminal(instance, "stdin", TERMINAL_INPUT, world.stdin),
  });
}

/** @see WASI 0.2 `wasi:cli/terminal-stdout` */
export function terminalStdout(instance: Instance, world: World): Record<string, unknown> {
  return functions(instance, {
    getTerminalStdout: () => terminal(instance, "stdout", TERMINAL_OUTPUT, world.stdout),
  });
}

/** @see WASI 0.2 `wasi:cli/terminal-stderr` */
export function terminalStderr(instance: Instance, world: World): Record<string, unknown> {
  return functions(instance, {
    getTerminalStderr: () => terminal(instance, "stderr", TERMINAL_OUTPUT, world.stderr),
  });
}

/** Some exactly if the stream is a terminal (7.7). */
function terminal(
  instance: Instance,
  which: string,
  kind: Kind<null>,
  stream: Pick<StandardOutput, "isTerminal">,
): Definition {
  return call(`wasi:cli/terminal-${which}#get-terminal-${which}`, [], returns(option(own)), () =>
    stream.isTerminal ? instance.resources.add(kind, null) : undefined,
  );
}
