/** The file of a simulation, once more, in numbers of bytes: see model-ports.ts. */
import { FILE_BYTES, type DiskSetup } from "./calls.ts";
import type { Broken } from "./model-ports.ts";

interface Underway {
  readonly fails: boolean;
  /** Of a read: the number of its source, and how many bytes it wants. Of a write: that of its outlet. */
  readonly read?: number;
  readonly write?: number;
  readonly bytes: number;
}

/** What became of a read or a write. */
export type Done = Underway & { readonly count: number };

export class DiskModel {
  readonly setup: DiskSetup;
  size = FILE_BYTES;
  calls = 0;
  underway: Underway[] = [];

  constructor(setup: DiskSetup) {
    this.setup = setup;
  }

  clone(): DiskModel {
    return Object.assign(new DiskModel(this.setup), this, { underway: [...this.underway] });
  }

  /** Whether the next call fails. */
  begin(): boolean {
    return this.calls++ >= this.setup.failAfter;
  }

  read(bytes: number, position: number): number {
    return Math.max(0, Math.min(bytes, this.setup.pieceBytes, this.size - position));
  }

  /** Gives what is written; `position` is undefined for the end. */
  write(bytes: number, position: number | undefined): number {
    const count = Math.min(bytes, this.setup.pieceBytes);
    this.size = position === undefined ? this.size + count : Math.max(this.size, position + count);
    return count;
  }
}

/** The source of a file's bytes. */
export class FileSourceModel {
  readonly number: number;
  disk: DiskModel;
  position: number;
  state: "idle" | "fetching" | Broken = "idle";
  chunk = 0;

  constructor(number: number, disk: DiskModel, position: number) {
    this.number = number;
    this.disk = disk;
    this.position = position;
  }

  clone(disk: DiskModel): FileSourceModel {
    return Object.assign(new FileSourceModel(this.number, disk, this.position), this, { disk });
  }

  get isReady(): boolean {
    this.#fetch(65_536);
    return this.chunk > 0 || this.state === "closed" || this.state === "failed";
  }

  read(max: number): number | Broken {
    if (max > 0) this.#fetch(max);
    if (this.chunk > 0) {
      const count = Math.min(max, this.chunk);
      this.chunk -= count;
      return count;
    }
    const { state } = this;
    if (state === "failed") this.state = "closed";
    return state === "failed" || state === "closed" ? state : 0;
  }

  #fetch(max: number): void {
    if (this.chunk > 0 || this.state !== "idle") return;
    const fails = this.disk.begin();
    if (this.disk.setup.later) {
      this.state = "fetching";
      this.disk.underway.push({ fails, read: this.number, bytes: max });
    } else if (fails) this.state = "failed";
    else this.arrive(this.disk.read(max, this.position));
  }

  arrive(count: number): void {
    this.position += count;
    this.chunk = count;
    this.state = count === 0 ? "closed" : "idle";
  }
}

/** A sink that writes to the file. */
export class FileSinkModel {
  readonly outlet: number;
  disk: DiskModel;
  position: number | undefined;
  taken = 0;
  isUnderway = false;
  isBroken = false;
  wakes = false;

  /** @param position Undefined for the end. */
  constructor(outlet: number, disk: DiskModel, position: number | undefined) {
    this.outlet = outlet;
    this.disk = disk;
    this.position = position;
  }

  clone(disk: DiskModel): FileSinkModel {
    return Object.assign(new FileSinkModel(this.outlet, disk, this.position), this, { disk });
  }

  write(bytes: number): number | Broken {
    if (this.isBroken) return "failed";
    if (this.isUnderway || bytes === 0) return 0;
    if (!this.disk.setup.later) return this.#writeNow(bytes);
    this.isUnderway = true;
    this.disk.underway.push({ fails: this.disk.begin(), write: this.outlet, bytes });
    this.taken += bytes;
    return bytes;
  }

  /** All of them, in as many calls as that takes. */
  #writeNow(bytes: number): number | Broken {
    for (let left = bytes; left > 0;) {
      if (this.disk.begin()) return "failed";
      const count = this.putNow(left);
      this.taken += count;
      left -= count;
    }
    return bytes;
  }

  flush(): boolean | Broken {
    return this.isBroken ? "failed" : !this.isUnderway;
  }

  /** Part of what is under way is done. True if the sink has something to say. */
  goOn({ fails, bytes, count }: Done): boolean {
    if (!fails && count < bytes) {
      this.disk.underway.push({ fails: this.disk.begin(), write: this.outlet, bytes: bytes - count });
      return false;
    }
    this.isUnderway = false;
    this.isBroken = fails;
    return true;
  }

  putNow(bytes: number): number {
    const count = this.disk.write(bytes, this.position);
    if (this.position !== undefined) this.position += count;
    return count;
  }
}
