export { FaultySink, FaultySource, microtasks, staysPending } from "../../src/testing/index.ts";

/** `count` bytes that tell their place in the stream. */
export function pattern(count: number, from = 0): Uint8Array {
  return new Uint8Array(count).map((_, index) => (from + index) % 251);
}
