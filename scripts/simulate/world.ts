/** Everything around the guests of one trace: ports that misbehave, a clock that stands still, a loop that is turned by hand. */
import { nodePlatform } from "../../src/hosts/node/platform.ts";
import type { Source } from "../../src/io/ports.ts";
import type { Platform } from "../../src/run/platform.ts";
import { FileError, type OpenDirectory, type OpenFile } from "../../src/wasi/filesystem/files.ts";
import { MemoryFiles } from "../../src/wasi/filesystem/memory-files.ts";
import { FakeClock, FaultyFile, FaultySink, FaultySource } from "../../src/testing/index.ts";
import type { Loop } from "../../src/wait/task.ts";
import {
  FILE_BYTES,
  fileByte,
  inputByte,
  type Happening,
  type Setup,
  type SinkSetup,
  type SourceSetup,
} from "./calls.ts";
import { Content } from "./content.ts";

/** What the sinks and the source fail with. */
const BROKEN = new Error("broken");

/** A turn of the event loop comes when the world says so. */
export class FakeLoop implements Loop {
  readonly #msPerLook: number;
  #waiting: (() => void)[] = [];
  #now = 0;

  constructor(msPerLook: number) {
    this.#msPerLook = msPerLook;
  }

  turn(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  now(): number {
    return (this.#now += this.#msPerLook);
  }

  get isWaitedFor(): boolean {
    return this.#waiting.length > 0;
  }

  run(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

/** A sink that has let go of what it took only when it is released. */
class SimulatedSink extends FaultySink {
  readonly #holdsFlush: boolean;
  #isDirty = false;
  writeBlocking?: (bytes: Uint8Array) => number;

  constructor({ holdsFlush, blocks, ...faults }: SinkSetup) {
    super({ ...faults, cause: BROKEN });
    this.#holdsFlush = holdsFlush;
    if (blocks) this.writeBlocking = (bytes) => this.write(bytes);
  }

  override write(bytes: Uint8Array): number {
    const count = super.write(bytes);
    if (count > 0) this.#isDirty = this.#holdsFlush;
    return count;
  }

  override flush(): boolean {
    return super.flush() && !this.#isDirty;
  }

  override release(bytes: number): void {
    this.#isDirty = false;
    super.release(bytes);
  }
}

class SimulatedSource extends FaultySource {
  readBlocking?: (max: number) => Uint8Array | null;
  #supplied: number;
  #isOver = false;

  constructor({ bytes, blocks, ...faults }: SourceSetup) {
    super(
      new Uint8Array(bytes).map((_, index) => inputByte(index)),
      { ...faults, cause: BROKEN },
    );
    this.#supplied = bytes;
    if (blocks) this.readBlocking = (max) => this.read(max);
  }

  supplyMore(bytes: number): void {
    if (this.#isOver) return;
    const from = this.#supplied;
    this.#supplied += bytes;
    this.supply(new Uint8Array(bytes).map((_, index) => inputByte(from + index)));
  }

  finish(fails: boolean): void {
    this.#isOver = true;
    if (fails) this.fail(BROKEN);
    else this.end();
  }
}

function fileIn(directory: OpenDirectory): OpenFile {
  const options = { read: true, write: true, create: false, exclusive: false, truncate: false, sync: "none" } as const;
  const file = directory.openAt("f", options);
  if (file instanceof Promise || file.kind !== "file") throw new TypeError("Files in memory open at once");
  return file;
}

export class World {
  readonly clock: FakeClock = new FakeClock();
  readonly loop: FakeLoop;
  readonly sinks: readonly [SimulatedSink, SimulatedSink];
  readonly source: SimulatedSource & Source;
  readonly controller: AbortController = new AbortController();
  readonly files: MemoryFiles;
  readonly file: FaultyFile;
  /** Has `file` as f, and gives it once. */
  readonly directory: OpenDirectory;

  constructor({ sinks: [one, other], source, disk, msPerLook }: Setup) {
    this.loop = new FakeLoop(msPerLook);
    this.sinks = [new SimulatedSink(one), new SimulatedSink(other)];
    this.source = new SimulatedSource(source);
    this.files = MemoryFiles.from({ f: Content.of(FILE_BYTES, fileByte).bytes });
    this.directory = this.files.root();
    this.file = new FaultyFile(fileIn(this.directory), { ...disk, cause: new FileError("EIO", "broken") });
    const { file } = this;
    this.directory.openAt = () => file;
  }

  get platform(): Platform {
    return { ...nodePlatform, loop: this.loop, monotonicClock: this.clock };
  }

  happen(happening: Happening): void {
    switch (happening.event) {
      case "release":
        return this.sinks[happening.at]?.release(happening.bytes);
      case "stall":
        return this.sinks[happening.at]?.stall();
      case "fail":
        return this.sinks[happening.at]?.fail(BROKEN);
      case "leave":
        return this.sinks[happening.at]?.leave();
      case "supply":
        return this.source.supplyMore(happening.bytes);
      case "release-source":
        return this.source.release(happening.bytes);
      case "end":
      case "fail-source":
        return this.source.finish(happening.event === "fail-source");
      case "advance":
        return this.clock.advance(BigInt(happening.ns));
      case "turn":
        return this.clock.turn();
      case "fire-early":
        return this.clock.fireEarly();
      case "abort":
        return this.controller.abort(new Error("aborted"));
      case "disk":
        return this.file.carryOut();
    }
  }

  /** Bytes that each sink has. */
  get taken(): readonly number[] {
    return this.sinks.map((sink) => sink.takenBytes);
  }

  get fileContent(): Uint8Array {
    const file = this.files.toTree().get("f");
    if (!(file instanceof Uint8Array)) throw new TypeError("f is a file");
    return file;
  }

  /** Changes if anything has moved. */
  get progress(): string {
    return [...this.taken, this.source.leftBytes, this.file.callCount, this.file.underway].join();
  }

  /** What somebody still holds, by name. */
  get held(): readonly string[] {
    const counts = {
      "a watcher of sink 0": this.sinks[0].watchers,
      "a watcher of sink 1": this.sinks[1].watchers,
      "a watcher of the source": this.source.watchers,
      "a timer": this.clock.pending,
      "a turn of the loop": this.loop.isWaitedFor ? 1 : 0,
      "the source": this.source.closed ? 0 : 1,
      "an open file": this.files.openCount > 1 ? 1 : 0,
    };
    return Object.entries(counts).flatMap(([name, count]) => (count > 0 ? [`${name} is left`] : []));
  }
}

/** What lets everybody go on who may wait for something. */
export const RESCUE: readonly Happening[] = [
  { event: "release", at: 0, bytes: Infinity },
  { event: "release", at: 1, bytes: Infinity },
  { event: "release-source", bytes: Infinity },
  { event: "end" },
  { event: "advance", ns: 1e9 },
  { event: "turn" },
  { event: "disk" },
];

/** All promises that can settle by themselves have done so, however long their chain: nothing here waits for else. */
export function rest(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
