import assert from "node:assert/strict";
import { lstatSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { nodeDirectory } from "../../src/hosts/node/files.ts";
import { systemOf } from "../../src/hosts/node/system.ts";
import { READ } from "../../src/testing/files-subject.ts";
import type { NewTime, OpenDirectory } from "../../src/wasi/filesystem/files.ts";

const skip = !systemOf({ getpid: { return: "i32", arguments: [] } }) && "there is no node:ffi here";
const NS = 1_000_000_000n;

interface Place {
  readonly directory: OpenDirectory;
  /** When what has a name was accessed and modified, in nanoseconds since 1970. */
  timesOf(name: string): readonly [bigint, bigint];
}

/** A file `f`, of 1 and 2 seconds after 1970, and a link `l` to it. */
function placeOf(t: TestContext, blocking: boolean): Place {
  const path = mkdtempSync(join(tmpdir(), "sluice-times-"));
  const directory = nodeDirectory(path, { blocking });
  t.after(() => {
    directory.close();
    rmSync(path, { recursive: true });
  });
  writeFileSync(join(path, "f"), "");
  utimesSync(join(path, "f"), 1, 2);
  symlinkSync("f", join(path, "l"));
  return {
    directory,
    timesOf(name) {
      const { atimeNs, mtimeNs } = lstatSync(join(path, name), { bigint: true });
      return [atimeNs, mtimeNs];
    },
  };
}

for (const blocking of [true, false]) {
  const how = blocking ? "blocking" : "waiting";
  /** By name, and by what is open. */
  const ways = {
    "of a name": ({ directory }: Place, accessed: NewTime, modified: NewTime) =>
      directory.setTimesAt("f", accessed, modified),
    "of what is open": async ({ directory }: Place, accessed: NewTime, modified: NewTime) => {
      const file = await directory.openAt("f", READ);
      await file.setTimes(accessed, modified);
      file.close();
    },
  };
  for (const [way, set] of Object.entries(ways)) {
    test(`times ${way} are set to the nanosecond, ${how}`, { skip }, async (t) => {
      const place = placeOf(t, blocking);
      for (const [accessed, modified] of [
        [1_700_000_000_123_456_789n, 1_700_000_001_999_999_999n],
        [1n, NS - 1n],
        [-1n, -NS - 1n],
        [-NS, 4n * NS],
        [5n * NS, 6n * NS],
      ] as const) {
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        await set(place, accessed, modified);
        assert.deepEqual(place.timesOf("f"), [accessed, modified]);
      }
    });

    test(`a time ${way} is kept to the nanosecond while the other is set, ${how}`, { skip }, async (t) => {
      const place = placeOf(t, blocking);
      await set(place, 1_234_567_891n, 2_345_678_912n);
      await set(place, "keep", 7n);
      assert.deepEqual(place.timesOf("f"), [1_234_567_891n, 7n]);
      await set(place, 8n, "keep");
      assert.deepEqual(place.timesOf("f"), [8n, 7n]);
      await set(place, "keep", "keep");
      assert.deepEqual(place.timesOf("f"), [8n, 7n]);
      await set(place, "keep", "now");
      const [accessed, modified] = place.timesOf("f");
      assert.equal(accessed, 8n);
      assert.ok(modified > 1_700_000_000n * NS);
    });
  }

  test(`times are those of a link itself, ${how}`, { skip }, async (t) => {
    const { directory, timesOf } = placeOf(t, blocking);
    await directory.setTimesAt("l", 123n, 456n);
    assert.deepEqual(timesOf("l"), [123n, 456n]);
    assert.deepEqual(timesOf("f"), [NS, 2n * NS]);
  });

  test(`why times cannot be set is told, ${how}`, async (t) => {
    const { directory, timesOf } = placeOf(t, blocking);
    // Seconds that have more than 64 bits with a sign.
    for (const time of [2n ** 64n * NS - 1n, -(2n ** 63n) * NS - 1n]) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await assert.rejects(async () => directory.setTimesAt("f", 1n, time), { code: "EINVAL" });
    }
    assert.deepEqual(timesOf("f"), [NS, 2n * NS]);
    await assert.rejects(async () => directory.setTimesAt("none", 1n, 2n), { code: "ENOENT" });
  });
}
