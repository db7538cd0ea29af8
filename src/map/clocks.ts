/**
 * `wasi:clocks` for components that jco transpiles: `--map 'wasi:clocks/*=sluice/clocks#*'`, together with `sluice/io`.
 *
 * @module
 */
import { provide } from "./world.ts";

/** @see WASI 0.2 `wasi:clocks/monotonic-clock` */
export const monotonicClock: Record<string, unknown> = provide("wasi:clocks/monotonic-clock");
/** @see WASI 0.2 `wasi:clocks/wall-clock` */
export const wallClock: Record<string, unknown> = provide("wasi:clocks/wall-clock");
