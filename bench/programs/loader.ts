/**
 * What the loader and the canonical ABI cost, in this process: loader.ts WHAT MS PATH.... Prints `ns` of one call. WHAT is
 * a key of MEASURED, and PATH a binary that it needs. Wants --expose-gc.
 */
import { readFile } from "node:fs/promises";
import { compile, instantiate, type Options } from "sluice";
import { decode } from "../../src/load/decode/decode.ts";
import { planOf } from "../../src/load/plan/plan.ts";
import { mainModule, stubs } from "./core.ts";
import { nsPerStep } from "./timing.ts";

const PIECE = 65_536;
/** Instances that are made before the collector takes them. */
const INSTANCES = 250;
const DEMO = "sluice:guests/demo";

const [what = "", ms = "0", ...paths] = process.argv.slice(2);
const leastMs = Number(ms);
const text = "0123456789abcdef".repeat(PIECE / 16);
const bytes = new Uint8Array(PIECE).fill(1);

type Call = (...args: readonly unknown[]) => unknown;

function binary(index = 0): Promise<Uint8Array<ArrayBuffer>> {
  return readFile(paths[index] ?? "");
}

function instanceOf(core: Uint8Array<ArrayBuffer>, imports: WebAssembly.Imports): WebAssembly.Instance {
  return new WebAssembly.Instance(new WebAssembly.Module(core), imports);
}

/** An export of a component: of one of its interfaces, if that is named. */
async function exported(name: string, options: Options = {}, interfaceName?: string): Promise<Call> {
  const { exports } = await instantiate(await binary(), options);
  const found = interfaceName === undefined ? exports : exports[interfaceName];
  // Whoever asks knows what the component has.
  return (found as Readonly<Record<string, Call>>)[name] ?? missing(name);
}

function missing(name: string): never {
  throw new Error(`${String(paths[0])} does not export ${name}`);
}

const SYNC = { syncExports: true } as const;

function times(call: () => unknown): Promise<number> {
  return nsPerStep(leastMs, (count) => {
    for (let left = count; left > 0; left--) call();
  });
}

function timesAwaited(call: () => unknown): Promise<number> {
  return nsPerStep(leastMs, async (count) => {
    for (let left = count; left > 0; left--) await call();
  });
}

/** Of a function that makes as many steps as it is told. */
function timesWithin(loop: Call): Promise<number> {
  return nsPerStep(leastMs, (count) => void loop(count));
}

function bytesOf({ buffer }: WebAssembly.Memory): Uint8Array {
  return new Uint8Array(buffer);
}

/** The core function behind an export. */
async function coreExport(name: string): Promise<Call> {
  const main = mainModule(await binary());
  return new WebAssembly.Instance(main, stubs(main)).exports[name] as Call;
}

/** The median of many that are there at the same time, as far as the collector leaves them. */
async function nsOfEach(make: () => unknown, end: (made: unknown) => unknown = () => {}): Promise<number> {
  const samples: number[] = [];
  for (let round = 0; round < 3; round++) {
    globalThis.gc?.();
    await new Promise((resolve) => void setImmediate(resolve));
    for (let index = 0; index < INSTANCES; index++) {
      const start = process.hrtime.bigint();
      const made = await make();
      samples.push(Number(process.hrtime.bigint() - start));
      await end(made);
    }
  }
  return samples.toSorted((a, b) => a - b)[samples.length >> 1] ?? Number.NaN;
}

const MEASURED: Readonly<Record<string, () => Promise<number>>> = {
  async add() {
    const add = await exported("add", {}, DEMO);
    return timesAwaited(() => add(1, 2));
  },
  async "add-sync"() {
    const add = await exported("add", SYNC, DEMO);
    return times(() => add(1, 2));
  },
  async "add-core"() {
    const add = await coreExport(`${DEMO}#add`);
    return times(() => add(1, 2));
  },
  async "add-promising"() {
    const { promising } = WebAssembly as unknown as { promising(core: unknown): Call };
    const add = promising(await coreExport(`${DEMO}#add`));
    return timesAwaited(() => add(1, 2));
  },
  async greet() {
    const greet = await exported("greet", {}, DEMO);
    return timesAwaited(() => greet("somebody"));
  },
  async "greet-sync"() {
    const greet = await exported("greet", SYNC, DEMO);
    return times(() => greet("somebody"));
  },
  async text() {
    const echo = await exported("text", SYNC);
    return times(() => echo(text));
  },
  "text-copies"() {
    const memory = bytesOf(new WebAssembly.Memory({ initial: 4 }));
    const encoder = new TextEncoder();
    const decoder = new TextDecoder();
    return times(() => {
      encoder.encodeInto(text, memory);
      return decoder.decode(memory.subarray(0, PIECE));
    });
  },
  async bytes() {
    const echo = await exported("bytes", SYNC);
    return times(() => echo(bytes));
  },
  "bytes-copies"() {
    const memory = bytesOf(new WebAssembly.Memory({ initial: 4 }));
    return times(() => {
      memory.set(bytes);
      return memory.slice(0, PIECE);
    });
  },
  async instantiate() {
    const component = await compile(await binary());
    return nsOfEach(
      () => instantiate(component),
      (made) => (made as { close(): Promise<void> }).close(),
    );
  },
  async "instantiate-core"() {
    const main = mainModule(await binary());
    const imports = stubs(main);
    return nsOfEach(() => new WebAssembly.Instance(main, imports));
  },
  async plan() {
    const component = await binary();
    return times(() => planOf(decode(component)));
  },
  async "pair-add"() {
    return timesWithin(await exported("loopAdd", SYNC));
  },
  async "pair-text"() {
    return timesWithin(await exported("loopText", SYNC));
  },
  async "pair-bytes"() {
    return timesWithin(await exported("loopBytes", SYNC));
  },
  async "core-add"() {
    const add = instanceOf(await binary(1), {}).exports["add"] as Call;
    return timesWithin(instanceOf(await binary(0), { "": { add } }).exports["loop-add"] as Call);
  },
  async "core-copy"() {
    return timesWithin(instanceOf(await binary(), {}).exports["loop"] as Call);
  },
};

const measured = MEASURED[what];
if (!measured) throw new Error(`loader.ts does not know ${what}`);
console.log(`ns ${await measured()}`);
