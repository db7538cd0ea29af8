/** What of an instance's options reaches the platform. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { nodePlatform } from "../../src/hosts/node/platform.ts";
import { MemoryFiles, type Options } from "../../src/index.ts";
import type { Platform } from "../../src/run/platform.ts";
import { makeWorld } from "../../src/run/world.ts";

/** Whether standard streams may block the thread. */
function blocks(options: Options): boolean | undefined {
  let seen: boolean | undefined;
  const platform: Platform = {
    ...nodePlatform,
    standard(standard) {
      seen = standard.blockingStdio;
      return nodePlatform.standard({ stdin: "ignore", stdout: "ignore", stderr: "ignore", blockingStdio: false });
    },
  };
  const world = makeWorld(platform, options, () => assert.fail());
  for (const { directory } of world.preopens) directory.release();
  return seen;
}

test("standard streams block the thread only where files need no event loop", () => {
  const files = new MemoryFiles();
  for (const [options, expected] of [
    [{}, false],
    [{ blockingStdio: true }, true],
    [{ blockingStdio: true, http: false }, true],
    [{ blockingStdio: true, http: true }, false],
    [{ blockingStdio: true, preopens: { "/": "." } }, false],
    [{ blockingStdio: true, preopens: { "/": { directory: ".", readOnly: true } } }, false],
    [{ blockingStdio: true, blockingFiles: true, preopens: { "/": "." } }, true],
    [{ blockingStdio: true, blockingFiles: true, preopens: { "/": { directory: ".", readOnly: true } } }, true],
    [{ blockingStdio: true, blockingFiles: true, preopens: { "/": ".", "/m": files.root() } }, false],
  ] as const) {
    assert.equal(blocks(options), expected, JSON.stringify(Object.keys(options)));
  }
});
