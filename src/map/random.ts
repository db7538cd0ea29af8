/**
 * `wasi:random` for components that jco transpiles: `--map 'wasi:random/*=sluice/random#*'`.
 *
 * @module
 */
import { provide } from "./world.ts";

/** @see WASI 0.2 `wasi:random/random` */
export const random: Record<string, unknown> = provide("wasi:random/random");
/** @see WASI 0.2 `wasi:random/insecure` */
export const insecure: Record<string, unknown> = provide("wasi:random/insecure");
/** @see WASI 0.2 `wasi:random/insecure-seed` */
export const insecureSeed: Record<string, unknown> = provide("wasi:random/insecure-seed");
