/** `wasi:cli` 0.3, as a guest calls it. */
import { tuple } from "../../abi/composites.ts";
import { returns } from "../../abi/returns.ts";
import { u8 } from "../../abi/scalars.ts";
import { enumeration, resultValue } from "../../abi/variants.ts";
import { InputStream } from "../../io/input-stream.ts";
import { PeerClosed } from "../../io/ports.ts";
import { errorCodeOf } from "../../wasi/filesystem/error-code.ts";
import * as p2 from "../cli.ts";
import { call, defineInterface, type Definition, type Interface } from "../definition.ts";
import { Drain, Feed, future, HostFuture, stream } from "./streams.ts";

/** The enum `error-code` of `wasi:cli/types`. */
const errorCode = enumeration("io", "illegal-byte-sequence", "pipe");
const done = resultValue(null, errorCode as never);

/** What a stream ended with, as its future says it. */
function outcomeOf(cause: unknown): { readonly tag: "ok" } | { readonly tag: "err"; readonly val: string } {
  if (cause === undefined) return { tag: "ok" };
  if (cause instanceof PeerClosed) return { tag: "err", val: "pipe" };
  const code = errorCodeOf(cause);
  return { tag: "err", val: code === "pipe" || code === "illegal-byte-sequence" ? code : "io" };
}

function functionOf(of: Interface, name: string): Definition {
  const definition = of.functions[name];
  if (!definition) throw new Error(`There is no ${of.name}#${name}`);
  return definition;
}

/** @see WASI 0.3 `wasi:cli/environment` */
export const environment: Interface = defineInterface("wasi:cli/environment", () => ({
  "get-environment": functionOf(p2.environment, "get-environment"),
  "get-arguments": functionOf(p2.environment, "get-arguments"),
  "get-initial-cwd": functionOf(p2.environment, "initial-cwd"),
}));

/** @see WASI 0.3 `wasi:cli/types` */
export const types: Interface = defineInterface("wasi:cli/types", () => ({}));

/** @see WASI 0.3 `wasi:cli/stdin` */
export const stdin: Interface = defineInterface("wasi:cli/stdin", () => ({
  "read-via-stream": call([], returns(tuple(stream(u8), future(done))), ({ world, task }) => {
    const { source, tally } = world.stdin;
    const ended = new HostFuture(done);
    const input = new InputStream(source, world.limits.readBytes, tally);
    const feed = new Feed(u8, input, task, (cause) => ended.write(outcomeOf(cause)));
    return [feed.shared, ended.shared] as const;
  }),
}));

function output(which: "stdout" | "stderr"): Interface {
  return defineInterface(`wasi:cli/${which}`, () => ({
    "write-via-stream": call([stream(u8)], returns(future(done)), ({ world, task }, data) => {
      const ended = new HostFuture(done, undefined, data);
      new Drain(data, world[which].outlet, task, (cause) => ended.write(outcomeOf(cause))).begin();
      return ended.shared;
    }),
  }));
}

/** @see WASI 0.3 `wasi:cli/stdout` */
export const stdout: Interface = output("stdout");

/** @see WASI 0.3 `wasi:cli/stderr` */
export const stderr: Interface = output("stderr");

/** What is as it was in WASI 0.2. */
export const SAME: readonly Interface[] = [
  p2.exit,
  p2.terminalInput,
  p2.terminalOutput,
  p2.terminalStdin,
  p2.terminalStdout,
  p2.terminalStderr,
];
