/**
 * `wasi:cli` for components that jco transpiles: `--map 'wasi:cli/*=sluice/cli#*'`, together with `sluice/io`.
 *
 * @module
 */
import { provide } from "./world.ts";

/** @see WASI 0.2 `wasi:cli/environment` */
export const environment: Record<string, unknown> = provide("wasi:cli/environment");
/** @see WASI 0.2 `wasi:cli/exit` */
export const exit: Record<string, unknown> = provide("wasi:cli/exit");
/** @see WASI 0.2 `wasi:cli/stdin` */
export const stdin: Record<string, unknown> = provide("wasi:cli/stdin");
/** @see WASI 0.2 `wasi:cli/stdout` */
export const stdout: Record<string, unknown> = provide("wasi:cli/stdout");
/** @see WASI 0.2 `wasi:cli/stderr` */
export const stderr: Record<string, unknown> = provide("wasi:cli/stderr");
/** @see WASI 0.2 `wasi:cli/terminal-input` */
export const terminalInput: Record<string, unknown> = provide("wasi:cli/terminal-input");
/** @see WASI 0.2 `wasi:cli/terminal-output` */
export const terminalOutput: Record<string, unknown> = provide("wasi:cli/terminal-output");
/** @see WASI 0.2 `wasi:cli/terminal-stdin` */
export const terminalStdin: Record<string, unknown> = provide("wasi:cli/terminal-stdin");
/** @see WASI 0.2 `wasi:cli/terminal-stdout` */
export const terminalStdout: Record<string, unknown> = provide("wasi:cli/terminal-stdout");
/** @see WASI 0.2 `wasi:cli/terminal-stderr` */
export const terminalStderr: Record<string, unknown> = provide("wasi:cli/terminal-stderr");
