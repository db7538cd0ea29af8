/** Each public function and constructor says what it expected, what came, and names itself, whatever it is given. */
import assert from "node:assert/strict";
import { test } from "node:test";
import * as sluice from "../../src/index.ts";
import * as inspecting from "../../src/inspect.ts";
import * as opfs from "../../src/opfs.ts";
import * as terminal from "../../src/terminal.ts";
import * as testing from "../../src/testing/index.ts";

const { MemoryFiles, HttpError } = sluice;

/** What is no bytes, function, stream or instance. */
const ANY: readonly unknown[] = [undefined, null, "x", 7, {}, []];
const GIVEN = ANY.slice(1);

type Call = (value: never) => unknown;

/** The calls of each, with what makes no sense to them. */
const WRONG: Readonly<Record<string, readonly (readonly [call: Call, values: readonly unknown[]])[]>> = {
  compile: [[sluice.compile, ANY]],
  instantiate: [[sluice.instantiate, ANY]],
  run: [[sluice.run, ANY]],
  serve: [[sluice.serve, ANY]],
  precompiled: [[sluice.precompiled, ANY.slice(0, -1)]],
  nodeDirectory: [
    [(path) => sluice.nodeDirectory(path, { blocking: true }), ANY.filter((value) => typeof value !== "string")],
    [(options) => sluice.nodeDirectory(".", options), [undefined, null, "x", 7, { blocking: "yes" }, { wait: 1 }]],
  ],
  isPrivate: [[sluice.isPrivate, [...ANY, { family: "ipv4", ip: "x" }, { family: "ipv6", ip: "10.0.0.1" }]]],
  iterableSource: [[sluice.iterableSource, ANY.slice(0, -1)]],
  readSnapshot: [
    [sluice.readSnapshot, ANY],
    [(options) => sluice.readSnapshot(sluice.writeSnapshot(new MemoryFiles()), options), [null, "x", 7]],
  ],
  writeSnapshot: [[sluice.writeSnapshot, ANY]],
  Pipe: [[(capacity) => new sluice.Pipe(capacity), [null, "x", {}, [], -1, 0, 1.5, Number.NaN, 1n, Symbol("x")]]],
  MemoryFiles: [
    [(options) => new MemoryFiles(options), [null, "x", 7, { capacityBytes: -1 }, { size: 1 }]],
    [(tree) => MemoryFiles.from(tree), [undefined, null, 7, { a: 7 }]],
  ],
  MemoryNetwork: [
    [(options) => new sluice.MemoryNetwork(options), [null, "x", 7, { seed: 1 }, { speed: 1 }]],
    [(name) => new sluice.MemoryNetwork().host(name, "10.0.0.1"), ANY.filter((value) => typeof value !== "string")],
    [(address) => new sluice.MemoryNetwork().host("one", address), ANY],
  ],
  HttpError: [[(code) => new HttpError(code), ANY]],

  inspect: [[inspecting.inspect, ANY]],
  types: [[inspecting.types, ANY]],
  invocation: [[(component) => inspecting.invocation(component, "f()"), ANY]],
  HandleFiles: [[(handle) => new opfs.HandleFiles(handle), ANY]],
  openTerminal: [[terminal.openTerminal, ANY]],

  ...Object.fromEntries(
    ["Connection", "Ends", "Files", "Handler", "InputStream", "OutputStream", "Pollable", "Udp"].map((name) => {
      const check = Reflect.get(testing, `check${name}`) as typeof testing.checkUdp;
      return [
        `check${name}`,
        [
          [check, ANY],
          [(fixture: never) => check(() => fixture), ANY],
          [(options: never) => check(() => ({}) as never, options), [null, "x", { only: 1 }, { onyl: 1 }]],
        ],
      ] as const;
    }),
  ),
  connectionEnd: [[testing.connectionEnd, ANY]],
  connectionPair: [[testing.connectionPair, ANY]],
  classInputSubject: [[testing.classInputSubject, ANY]],
  classOutputSubject: [[testing.classOutputSubject, ANY]],
  classPollableSubject: [[testing.classPollableSubject, ANY]],
  inputSubject: [[testing.inputSubject, ANY]],
  inputIntoSubject: [[testing.inputIntoSubject, ANY]],
  outputSubject: [[testing.outputSubject, ANY]],
  pollableSubject: [[testing.pollableSubject, ANY]],
  eventually: [[testing.eventually, ANY]],
  staysPending: [[testing.staysPending, ANY]],
  FakeClock: [[(now) => new testing.FakeClock(now), [null, "x", 7, {}, -1n]]],
  FaultyFile: [
    [(file) => new testing.FaultyFile(file), ANY],
    [(faults) => new testing.FaultyFile(openFile(), faults), [null, "x", { failAfter: "1" }, { failafter: 1 }]],
  ],
  FaultySink: [[(faults) => new testing.FaultySink(faults), [null, "x", 7, { failAt: "1" }, { failat: 1 }]]],
  faultySink: [[testing.faultySink, [null, "x", 7, { failAt: "1" }]]],
  FaultySource: [
    [(bytes) => new testing.FaultySource(bytes), GIVEN],
    [(faults) => new testing.FaultySource(undefined, faults), [null, "x", { endAt: -1 }, { endat: 1 }]],
  ],
  faultySource: [[testing.faultySource, GIVEN]],
};

function openFile(): sluice.OpenFile {
  const files = MemoryFiles.from({ a: "a" });
  const options = { create: false, exclusive: false, truncate: false, directory: false, read: true, write: true };
  return files.root().openAt("a", { ...options, follow: false } as never) as sluice.OpenFile;
}

/** What takes nothing, or whatever it is given. */
const TAKE_NOTHING: ReadonlySet<string> = new Set([
  "ClosedSink",
  "closedSource",
  "CollectSink",
  "DiscardSink",
  "microtasks",
  "PendingSink",
  "Signal",
]);

/** What each page loads that runs anything: types say it, and words would be a fifth of a KB for everybody. */
const LEAN: ReadonlySet<string> = new Set([
  "BytesSource",
  "complete",
  "InputStream",
  "Outlet",
  "OutputStream",
  "PullSource",
  "PushSink",
  "runCommand",
  "SeededRandom",
]);

/** What an embedder looks at, and does not make; and errors that take any text. */
const OURS = /(?:Error|^Trap|^PeerClosed|^Guest(?:Byte)?(?:Sink|Source|Stream))$/;

const ENTRIES = { sluice, inspecting, opfs, terminal, testing };

for (const [entry, exported] of Object.entries(ENTRIES)) {
  test(`what ${entry} exports is in the table`, () => {
    const names = Object.entries(exported).flatMap(([name, value]) => (typeof value === "function" ? [name] : []));
    const missing = names.filter(
      (name) => !(name in WRONG) && !TAKE_NOTHING.has(name) && !LEAN.has(name) && !OURS.test(name),
    );
    assert.deepEqual(missing, []);
  });
}

for (const [name, calls] of Object.entries(WRONG)) {
  test(`${name} says what it expected`, async () => {
    for (const [call, values] of calls) {
      for (const value of values) {
        await assert.rejects(
          // Wrong on purpose.
          async () => call(value as never),
          (error: unknown) => {
            assert.ok(error instanceof TypeError || error instanceof RangeError, String(error));
            assert.match(
              error.message,
              /must be|must give|expected|takes|there is no|is no address|is of \{|is a text/i,
            );
            assert.doesNotMatch(error.message, /is not a function|\(reading|not iterable|BigInt to|destructure/);
            return true;
          },
        );
      }
    }
  });
}
