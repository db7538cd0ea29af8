/**
 * What the bindgen, itself a component, imports: WASI on our own streams, with nothing granted. It is pure computation
 * and needs no more; scripts/build.js puts this in the place of the imports of its glue.
 */
import { Instance } from "../bind/instance.ts";
import { INTERFACES } from "../bind/interfaces.ts";
import { Task } from "../bind/task.ts";
import { nodePlatform } from "../hosts/node/platform.ts";
import { ExitError } from "../run/instantiate.ts";
import { makeWorld } from "../run/world.ts";

const world = makeWorld(nodePlatform, {}, (code) => {
  throw new ExitError(code);
});
const instance = new Instance(world.limits, new Task(nodePlatform.loop));

function provide(name: string): Record<string, unknown> {
  return INTERFACES.get(name)?.(instance, world) ?? {};
}

export const environment: Record<string, unknown> = provide("wasi:cli/environment");
export const exit: Record<string, unknown> = provide("wasi:cli/exit");
export const stderr: Record<string, unknown> = provide("wasi:cli/stderr");
export const stdin: Record<string, unknown> = provide("wasi:cli/stdin");
export const stdout: Record<string, unknown> = provide("wasi:cli/stdout");
export const terminalInput: Record<string, unknown> = provide("wasi:cli/terminal-input");
export const terminalOutput: Record<string, unknown> = provide("wasi:cli/terminal-output");
export const terminalStderr: Record<string, unknown> = provide("wasi:cli/terminal-stderr");
export const terminalStdin: Record<string, unknown> = provide("wasi:cli/terminal-stdin");
export const terminalStdout: Record<string, unknown> = provide("wasi:cli/terminal-stdout");
export const preopens: Record<string, unknown> = provide("wasi:filesystem/preopens");
export const types: Record<string, unknown> = provide("wasi:filesystem/types");
export const error: Record<string, unknown> = provide("wasi:io/error");
export const streams: Record<string, unknown> = provide("wasi:io/streams");
export const random: Record<string, unknown> = provide("wasi:random/random");
