/** `wasi:cli` 0.2, as a guest calls it. */
import { list } from "../abi/lists.ts";
import { own } from "../abi/owned.ts";
import { Kind } from "../abi/resources.ts";
import { nothing, returns } from "../abi/returns.ts";
import { string, u8 } from "../abi/scalars.ts";
import { tuple } from "../abi/composites.ts";
import { option, resultValue } from "../abi/variants.ts";
import { InputStream } from "../io/input-stream.ts";
import { OutputStream } from "../io/output-stream.ts";
import { call, defineInterface, type Definition, type Interface } from "./definition.ts";
import { addInputStream, addOutputStream, INPUT_STREAM, OUTPUT_STREAM } from "./io.ts";

const TERMINAL_INPUT: Kind<null> = new Kind("terminal-input");
const TERMINAL_OUTPUT: Kind<null> = new Kind("terminal-output");

/** @see WASI 0.2 `wasi:cli/environment` */
export const environment: Interface = defineInterface("wasi:cli/environment", () => ({
  "get-environment": call([], returns(list(tuple(string, string))), ({ world }) => world.env),
  "get-arguments": call([], returns(list(string)), ({ world }) => world.args),
  "initial-cwd": call([], returns(option(string)), ({ world }) => world.cwd),
}));

/** @see WASI 0.2 `wasi:cli/exit` */
export const exit: Interface = defineInterface("wasi:cli/exit", () => ({
  exit: call([resultValue(null, null)], nothing, ({ world }, status) =>
    // A result is `{ tag, val }`.
    world.exit((status as { readonly tag: string }).tag === "ok" ? 0 : 1),
  ),
  "exit-with-code": call([u8], nothing, ({ world }, code) => world.exit(code)),
}));

/** @see WASI 0.2 `wasi:cli/stdin` */
export const stdin: Interface = defineInterface("wasi:cli/stdin", () => ({
  // Each call gives a handle of its own on the one stream (7.1).
  "get-stdin": call([], returns(own(INPUT_STREAM)), (instance) => {
    const { limits, stdin: input } = instance.world;
    return addInputStream(instance, new InputStream(input.source, limits.readBytes, input.tally));
  }),
}));

/** @see WASI 0.2 `wasi:cli/stdout` */
export const stdout: Interface = defineInterface("wasi:cli/stdout", () => ({ "get-stdout": getOutput("stdout") }));

/** @see WASI 0.2 `wasi:cli/stderr` */
export const stderr: Interface = defineInterface("wasi:cli/stderr", () => ({ "get-stderr": getOutput("stderr") }));

function getOutput(which: "stdout" | "stderr"): Definition {
  return call([], returns(own(OUTPUT_STREAM)), (instance) => {
    const { world } = instance;
    return addOutputStream(instance, new OutputStream(world[which].outlet, world.permits));
  });
}

/** @see WASI 0.2 `wasi:cli/terminal-input` */
export const terminalInput: Interface = defineInterface("wasi:cli/terminal-input", () => ({}), [TERMINAL_INPUT]);

/** @see WASI 0.2 `wasi:cli/terminal-output` */
export const terminalOutput: Interface = defineInterface("wasi:cli/terminal-output", () => ({}), [TERMINAL_OUTPUT]);

/** @see WASI 0.2 `wasi:cli/terminal-stdin` */
export const terminalStdin: Interface = defineInterface("wasi:cli/terminal-stdin", () => ({
  "get-terminal-stdin": terminal("stdin", TERMINAL_INPUT),
}));

/** @see WASI 0.2 `wasi:cli/terminal-stdout` */
export const terminalStdout: Interface = defineInterface("wasi:cli/terminal-stdout", () => ({
  "get-terminal-stdout": terminal("stdout", TERMINAL_OUTPUT),
}));

/** @see WASI 0.2 `wasi:cli/terminal-stderr` */
export const terminalStderr: Interface = defineInterface("wasi:cli/terminal-stderr", () => ({
  "get-terminal-stderr": terminal("stderr", TERMINAL_OUTPUT),
}));

/** Some exactly if the stream is a terminal (7.7). */
function terminal(which: "stdin" | "stdout" | "stderr", kind: Kind<null>): Definition {
  return call([], returns(option(own(kind))), ({ world, resources }) =>
    world[which].isTerminal ? resources.add(kind, null) : undefined,
  );
}
