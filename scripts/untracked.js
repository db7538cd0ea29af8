/**
 * Loaded before a test: it is not told which test each promise was made in. Node's test runner follows all of them by hooks, so
 * that a promise takes twenty times as long, and most of what is tried here is made of promises. An error that nobody catches
 * still fails the file, which says what it was, but not in which test.
 */
import asyncHooks from "node:async_hooks";
import { isMainThread } from "node:worker_threads";

// And not before what a test starts, which may be given the same options.
if (isMainThread && /\.test\.(?:ts|mjs)$/.test(process.argv[1] ?? "")) {
  const { createHook } = asyncHooks;
  // Suites and tests it still follows: what is in a suite is found by that.
  asyncHooks.createHook = (callbacks) => createHook({ ...callbacks, trackPromises: false });
  // It takes what it finds there, once.
  await import("node:test");
  asyncHooks.createHook = createHook;
}
