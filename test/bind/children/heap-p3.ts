/**
 * As heap.ts, of WASI 0.3: a guest that calls each function with lengths that make no sense, and as often as it can, keeping all
 * that it is given, in a process with a small heap. Says what it has done on standard output.
 */
import { httpOf } from "../../../src/run/http.ts";
import { networkOf } from "../../../src/run/network.ts";
import { nodePlatform } from "../../../src/hosts/node/platform.ts";
import { DEFAULT_LIMITS } from "../../../src/io/limits.ts";
import { grantedP3, P3Arguments } from "../p3-arguments.ts";
import { BareGuest, promising } from "../support.ts";

/** What a list may lie in. */
const LIST_PAGES = (32 * 1024 * 1024) / 65_536;
/** More than any limit lets it have. */
const STORM = 110_000;
const HOSTILE = [65_537, 2 ** 20, 2 ** 24, 2 ** 28 - 1, 2 ** 31 - 1, -1];
/** Where there is what may be a list of texts and lists, each of 64 KiB, whose every word is this. */
const ITEMS = 65_536;
/** Where there is what may be a list of pairs: a short text, and as many bytes as there are texts. */
const PAIRS = 2 ** 20;
const TEXT = 4 * 2 ** 20;
const TEXT_BYTES = 2 ** 24;
const TEXT_BYTE = "a".charCodeAt(0);
/** What lies in the memory of each guest, from `ITEMS` on. */
const CONTENT = content();

const names = [...(await guestOf()).lowerP3().keys()];
const only = process.argv[2];
let turns = 0;
const counter = setInterval(() => turns++, 0);

function content(): Uint8Array {
  const bytes = new Uint8Array(TEXT + TEXT_BYTES);
  new Uint32Array(bytes.buffer, ITEMS, ITEMS / 4).fill(ITEMS);
  const pairs = new Uint32Array(bytes.buffer, PAIRS, (TEXT - PAIRS) / 4);
  for (let at = 0; at < pairs.length; at += 4) pairs.set([TEXT, 1, TEXT, TEXT_BYTES], at);
  return bytes.fill(TEXT_BYTE, TEXT).subarray(ITEMS);
}

async function guestOf(): Promise<BareGuest> {
  const options = grantedP3();
  return new BareGuest(options, true, nodePlatform.loop, {
    network: await networkOf(nodePlatform, options.network === true || !options.network ? true : options.network),
    http: await httpOf(nodePlatform, options.http || true, DEFAULT_LIMITS),
  });
}

/** Whether it has not trapped, as far as some turns of the event loop tell: what waits for what never comes is left alone. */
async function tried(call: Promise<unknown>, most = 10): Promise<boolean> {
  const outcome: { isTrap?: boolean } = {};
  call.then(
    () => (outcome.isTrap = false),
    (error: unknown) => {
      if (!(error instanceof WebAssembly.RuntimeError)) throw error;
      outcome.isTrap = true;
    },
  );
  for (let step = 0; outcome.isTrap === undefined && step < 30 + most; step++) {
    // oxlint-disable-next-line no-await-in-loop -- promises first, and then turns
    await (step < 30 ? undefined : new Promise((resolve) => void setImmediate(resolve)));
  }
  return outcome.isTrap !== true;
}

async function tryOne(name: string): Promise<void> {
  const guest = await guestOf();
  const functions = guest.lowerP3();
  const all = await P3Arguments.of(guest, functions);
  guest.memory.grow(LIST_PAGES - 1);
  const call = promising(functions.get(name));
  const { numbers } = await all.for(name);
  // A function that is given no number reads none of it.
  if (numbers.length > 0) new Uint8Array(guest.memory.buffer).set(CONTENT, ITEMS);
  for (const index of numbers) {
    const mayBeLength = numbers.includes(index - 1);
    for (const number of HOSTILE) {
      // A list, with what looks like items.
      for (const before of mayBeLength ? [undefined, ITEMS, PAIRS, TEXT] : [undefined]) {
        // oxlint-disable-next-line no-await-in-loop -- one call after the other, as a guest makes them
        const args = [...(await all.for(name)).args];
        const put = (at: number, value: number): void => {
          args[at] = typeof args[at] === "bigint" ? BigInt(value) : value;
        };
        put(index, number);
        if (before !== undefined) put(index - 1, before);
        guest.free();
        // oxlint-disable-next-line no-await-in-loop -- as above
        await tried(call(...args));
        guest.mayLeave.value = 1;
      }
    }
  }
  let count = 0;
  for (const most = KEEPS.test(name) ? STORM : 10; count < most; count++) {
    guest.free();
    guest.mayLeave.value = 1;
    // oxlint-disable-next-line no-await-in-loop -- as above
    const made = await all.for(name).catch(() => undefined);
    // A trap that comes later is the next call's. Ten turns for each of so many that wait are all that this would take.
    // oxlint-disable-next-line no-await-in-loop -- as above
    if (!made || !(await tried(call(...made.args), 1))) break;
  }
  process.stdout.write(`${name} ${count}\n`);
}

/** Gives something that is kept, or keeps what it is given. */
const KEEPS = /stdout#write-via-stream$|request.new$|client#send async$/;

for (const name of names) {
  if (only !== undefined && !name.includes(only)) continue;
  // oxlint-disable-next-line no-await-in-loop -- one function after the other
  await tryOne(name);
}
clearInterval(counter);
process.stdout.write(`turns ${turns}\n`);
// Some still wait.
process.exit(0);
