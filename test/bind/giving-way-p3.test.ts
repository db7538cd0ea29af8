/** As giving-way.test.ts, of WASI 0.3: called so that the guest waits, and so that it is told how far a call has come. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { networkOf } from "../../src/run/network.ts";
import { httpOf } from "../../src/run/http.ts";
import { nodePlatform } from "../../src/hosts/node/platform.ts";
import { DEFAULT_LIMITS } from "../../src/io/limits.ts";
import { MemoryFiles } from "../../src/wasi/filesystem/memory-files.ts";
import { callEitherWay, CountingLoop, isSuspendError } from "./hostile.ts";
import { grantedP3, P3Arguments, P3_FUNCTIONS } from "./p3-arguments.ts";
import { BareGuest, type Lowered } from "./support.ts";

/** More than a guest may make before it is asked for how long it has kept the event loop. */
const CALLS = 1200;
/** For any function: nothing of it is there, and its first call traps. */
const NONE = Array.from({ length: 17 }, () => 0);

async function guestOf(options = grantedP3()): Promise<BareGuest> {
  return new BareGuest(options, true, new CountingLoop(), {
    network: await networkOf(nodePlatform, options.network === true || !options.network ? true : options.network),
    http: await httpOf(nodePlatform, options.http || true, DEFAULT_LIMITS),
  });
}

/** How many calls are made before one has to give way, and how many worked; from JavaScript there is nobody to suspend, and it shows. */
function callsBeforeGivingWay(guest: BareGuest, call: () => void): number {
  for (let calls = 1; calls <= CALLS; calls++) {
    try {
      call();
    } catch (error) {
      if (isSuspendError(error)) return calls;
    }
    // One that goes on all the same.
    guest.free();
    guest.mayLeave.value = 1;
  }
  return Number.POSITIVE_INFINITY;
}

test("4.9 a guest of WASI 0.3 that makes one call again and again gives way, whichever it is", async () => {
  const names = [...(await guestOf()).lowerP3().keys()];
  assert.equal(names.length, 2 * P3_FUNCTIONS);
  for (const name of names) {
    // oxlint-disable-next-line no-await-in-loop -- one guest after the other
    const guest = await guestOf();
    const functions = guest.lowerP3();
    const fn = functions.get(name);
    // oxlint-disable-next-line no-await-in-loop -- as above
    const made = await P3Arguments.of(guest, functions).then((all) => all.for(name));
    const lowered = fn as Lowered;
    for (const call of [() => void lowered(...made.args), () => callEitherWay(fn, NONE)]) {
      guest.mayLeave.value = 1;
      const calls = callsBeforeGivingWay(guest, call);
      assert.ok(calls <= CALLS, `${name} has not given way`);
    }
  }
});

test("4.9 a listing counts by what is in the directory", async () => {
  const files = MemoryFiles.from(Object.fromEntries(Array.from({ length: 5000 }, (_, at) => [`f${at}`, ""])));
  const guest = await guestOf({ ...grantedP3(), preopens: { "/": files.root() } });
  const functions = guest.lowerP3();
  const name = [...functions.keys()].find((key) => key.endsWith("descriptor.read-directory"));
  assert.ok(name !== undefined);
  const made = await P3Arguments.of(guest, functions).then((all) => all.for(name));
  const lowered = functions.get(name) as Lowered;
  assert.ok(callsBeforeGivingWay(guest, () => void lowered(...made.args)) <= 10);
});
