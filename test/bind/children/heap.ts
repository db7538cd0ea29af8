/**
 * A guest that asks for as much as it can, of each import in turn, and one that calls each with lengths that make no sense, in a
 * process with a small heap: it is for the parent to see that this process ends well. Says what it has done on standard
 * output.
 */
import type { ValType } from "../../../src/abi/types.ts";
import { CollectSink, MemoryFiles } from "../../../src/index.ts";
import { jsDefinition } from "../../../src/run/embed/js-functions.ts";
import { argumentsFor, definitionOf, granted, handlesOf } from "../arguments.ts";
import { callEitherWay } from "../hostile.ts";
import { BareGuest, promising } from "../support.ts";

const MIB = 1024 * 1024;
/** What a list of handles may lie in, and one of an embedder's. */
const LIST_PAGES = (32 * MIB) / 65_536;
const PAGES = (256 * MIB) / 65_536;
/** More than any limit lets it have. */
const STORM = 110_000;
/** As many as may be asked for, or nearly; as i32 and as i64. */
const HOSTILE = [65_537, 2 ** 20, 2 ** 24, 2 ** 28 - 1, 2 ** 31 - 1, -1];

const names = [...new BareGuest().lowerAll().keys()];
let turns = 0;
const counter = setInterval(() => turns++, 0);

/** With a hostile number in the place of each one that is not a handle. */
function* hostile(args: readonly (number | bigint)[]): Generator<readonly (number | bigint)[]> {
  for (const [index, original] of args.entries()) {
    for (const number of HOSTILE) {
      yield args.with(index, typeof original === "bigint" ? BigInt(number) : number);
      if (typeof original === "bigint") yield args.with(index, 2n ** 63n - 1n);
    }
  }
}

async function quiet(call: Promise<unknown>): Promise<boolean> {
  try {
    await call;
    return true;
  } catch (error) {
    if (error instanceof WebAssembly.RuntimeError) return false;
    throw error;
  }
}

async function tryOne(name: string): Promise<void> {
  const guest = new BareGuest(granted());
  const functions = guest.lowerAll();
  const handles = await handlesOf(guest, functions);
  guest.memory.grow(LIST_PAGES - 1);
  // Whatever is read as a list of handles is one.
  if (definitionOf(name).params.some(({ wit }) => wit.kind === "list")) {
    new Uint32Array(guest.memory.buffer).fill(handles.pollable, 8192 / 4);
  }
  const call = promising(functions.get(name));
  const args = argumentsFor(guest, name, handles);
  for (const one of hostile(args)) {
    guest.free();
    // oxlint-disable-next-line no-await-in-loop -- one call after the other, as a guest makes them
    await quiet(call(...one));
    guest.mayLeave.value = 1;
  }
  let count = 0;
  // Whatever it gives is kept.
  for (; count < STORM; count++) {
    guest.free();
    guest.mayLeave.value = 1;
    // oxlint-disable-next-line no-await-in-loop -- as above
    if (!(await quiet(call(...args)))) break;
    // A call that waits for what never comes would not come back: none does here.
    if (count === 2000 && !GIVES.test(name)) break;
  }
  process.stdout.write(`${name} ${count}\n`);
}

/** Gives something that is kept. */
const GIVES = /subscribe|get-std|get-terminal|get-directories|via-stream|open-at|read-directory$|preopens/;

const U8: ValType = { kind: "u8" };
const listOf = (element: ValType): ValType => ({ kind: "list", element, length: undefined });
/** What is small to a guest, and large to JavaScript: with its bytes there. */
const ITEMS: readonly (readonly [item: ValType, bytes: number])[] = [
  [{ kind: "bool" }, 1],
  [{ kind: "char" }, 4],
  [{ kind: "string" }, 8],
  [listOf(U8), 8],
  [listOf({ kind: "bool" }), 8],
  [{ kind: "option", some: U8 }, 2],
  [{ kind: "result", ok: undefined, err: undefined }, 1],
  [{ kind: "tuple", members: [U8, U8] }, 2],
  [{ kind: "record", fields: [{ name: "a", type: U8 }] }, 1],
  [{ kind: "flags", names: Array.from({ length: 32 }, (_, index) => `f${index}`) }, 4],
  [{ kind: "list", element: U8, length: 4 }, 4],
  [{ kind: "map", key: U8, value: U8 }, 8],
  [{ kind: "u64" }, 8],
];

/** An import of the embedder's that is given a list as long as the guest's memory. */
async function tryItems(item: ValType, bytes: number): Promise<void> {
  const guest = new BareGuest();
  guest.memory.grow(PAGES - 1);
  let called = 0;
  const type = { async: false, params: [{ name: "items", type: listOf(item) }], result: undefined };
  const call = promising(
    guest.lowerDefinition(
      "f",
      jsDefinition(type, () => void called++),
    ),
  );
  for (const count of [1, Math.floor((255 * MIB) / bytes)]) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await quiet(call(8, count));
    guest.mayLeave.value = 1;
  }
  process.stdout.write(`list of ${item.kind} ${called}\n`);
}

/** Lengths, counts and pointers: of which some lie within a guest of 2 GiB, and some do not. */
const SIZES: readonly number[] = [
  1,
  4096,
  12_289,
  2 ** 20,
  2 ** 24,
  2 ** 27,
  2 ** 28 - 1,
  2 ** 28,
  2 ** 30,
  2 ** 31 - 1,
  -1,
];
/** As many arguments as any function has. */
const ARGUMENTS = 12;
const GUEST_BYTES = 2 ** 31;
const PAGE_BYTES = 65_536;

/** Gives how many calls it has made. */
function trySizes(): number {
  const files = MemoryFiles.from({ file: "contents", "dir/in": "" });
  const guest = new BareGuest({
    stdin: { text: "input" },
    stdout: new CollectSink(),
    preopens: { "/": files.root() },
    env: { A: "b" },
  });
  guest.memory.grow(GUEST_BYTES / PAGE_BYTES - 1);
  const functions = guest.lowerAll();
  // Handles 1 to 4 are an output, an input, a pollable and a directory.
  functions.get("wasi:cli/stdout#get-stdout")?.();
  functions.get("wasi:cli/stdin#get-stdin")?.();
  functions.get("wasi:io/streams#[method]input-stream.subscribe")?.(2);
  functions.get("wasi:filesystem/preopens#get-directories")?.(1024);

  let calls = 0;
  for (const fn of functions.values()) {
    for (const handle of [1, 2, 3, 4, 0]) {
      for (const size of SIZES) {
        // A handle or a pointer first, and a length at each place that may be one.
        for (let place = 0; place < 5; place++) {
          const args = Array.from({ length: ARGUMENTS }, (_, index) =>
            index === 0 ? handle : index >= place ? size : 8192,
          );
          try {
            callEitherWay(fn, args);
          } catch {
            // Of what kind it may be is told by hostile.test.ts.
            guest.mayLeave.value = 1;
          }
          calls++;
        }
      }
    }
  }
  return calls;
}

for (const [item, bytes] of ITEMS) {
  // oxlint-disable-next-line no-await-in-loop -- one after the other
  await tryItems(item, bytes);
}
for (const name of names) {
  // oxlint-disable-next-line no-await-in-loop -- one after the other
  await tryOne(name);
}
clearInterval(counter);
process.stdout.write(`sizes ${trySizes()}\n`);
process.stdout.write(`turns ${turns}\n`);
