/** Times of files, as each version of WASI tells them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { types as p2 } from "../../src/bind/filesystem.ts";
import { types as p3 } from "../../src/bind/p3/filesystem.ts";
import { complete, type Steps } from "../../src/io/steps.ts";
import { Descriptor } from "../../src/wasi/filesystem/descriptor.ts";
import { MemoryFiles } from "../../src/wasi/filesystem/memory-files.ts";
import { Shared } from "../../src/wasi/filesystem/shared.ts";

for (const [ns, early, time] of [
  [0n, false, [0n, 0]],
  [1_500_000_000n, false, [1n, 500_000_000]],
  [-1n, true, [-1n, 999_999_999]],
  [-1_000_000_000n, true, [-1n, 0]],
  [-1_500_000_000n, true, [-2n, 500_000_000]],
] as const) {
  test(`${ns} ns since 1970 are ${time.join(" s and ")} ns, and are left out where there is no form for that`, async () => {
    const files = MemoryFiles.from({ f: "" });
    await files.root().setTimesAt("f", ns, ns);
    const root = Descriptor.preopen(new Shared(files.root()), true);
    const [seconds, nanoseconds] = time;
    for (const [types, isKnown] of [
      [p2, !early],
      [p3, true],
    ] as const) {
      const stat = types.functions["[method]descriptor.stat-at"];
      // It needs no instance, and gives steps.
      const steps = stat?.run(undefined as never, [root, { symlinkFollow: false }, "f"]) as Steps<object>;
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const { dataModificationTimestamp } = (await complete(steps)) as { readonly dataModificationTimestamp: unknown };
      assert.deepEqual(dataModificationTimestamp, isKnown ? { seconds, nanoseconds } : undefined);
    }
  });
}
