/**
 * `wasi:io` for components that jco transpiles: `jco transpile app.wasm --map 'wasi:io/*=sluice/io#*'`.
 *
 * @module
 */
import { provide } from "./world.ts";

/** @see WASI 0.2 `wasi:io/error` */
export const error: Record<string, unknown> = provide("wasi:io/error");
/** @see WASI 0.2 `wasi:io/poll` */
export const poll: Record<string, unknown> = provide("wasi:io/poll");
/** @see WASI 0.2 `wasi:io/streams` */
export const streams: Record<string, unknown> = provide("wasi:io/streams");
