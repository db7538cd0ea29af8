/**
 * `wasi:filesystem`, without a directory, for components that jco transpiles: `--map
 * 'wasi:filesystem/*=sluice/filesystem#*'`, together with `sluice/io`.
 *
 * @module
 */
import { provide } from "./world.ts";

/** @see WASI 0.2 `wasi:filesystem/preopens` */
export const preopens: Record<string, unknown> = provide("wasi:filesystem/preopens");
/** @see WASI 0.2 `wasi:filesystem/types` */
export const types: Record<string, unknown> = provide("wasi:filesystem/types");
