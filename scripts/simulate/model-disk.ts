/** The file of a simulation, once more, in numbers of bytes: see model-ports.ts. */
import { FILE_BYTES, fileByte, type DiskSetup } from "./calls.ts";
import { Content } from "./content.ts";
import type { Broken } from "./model-ports.ts";

interface Underway {
  readonly fails: boolean;
  /** Of a read: the number of its source, and how many bytes it wants. Of a write: that of its outlet. */
  readonly read?: number;
  readonly write?: number;
  readonly bytes: number;
}

/** What became of a read or a write. */
export type Done = Underway & { readonly content: Content };

export class DiskModel {
  readonly setup: DiskSetup;
  content = Content.of(FILE_BYTES, fileByte);
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

  read(bytes: number, position: number): Content {
    return this.content.part(position, Math.min(bytes, this.setup.pieceBytes));
  }

  /** Gives what is written; `position` is undefined for the end. */
  write(bytes: Content, position: number | undefined): Content {
    const written = bytes.part(0, this.setup.pieceBytes);
    this.content = this.content.overwritten(position ?? this.content.length, written);
    return written;
  }
}

/** The source of a file's bytes. */
export class FileSourceModel {
  readonly number: number;
  disk: DiskModel;
  position: number;
  state: "idle" | "fetching" | Broken = "idle";
  chunk = Content.NONE;

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
    return this.chunk.length > 0 || this.state === "closed" || this.state === "failed";
  }

  read(max: number): Content | Broken {
    if (max > 0) this.#fetch(max);
    if (this.chunk.length > 0) {
      const read = this.chunk.part(0, max);
      this.chunk = this.chunk.part(read.length, Infinity);
      return read;
    }
    const { state } = this;
    if (state === "failed") this.state = "closed";
    return state === "failed" || state === "closed" ? state : Content.NONE;
  }

  #fetch(max: number): void {
    if (this.chunk.length > 0 || this.state !== "idle") return;
    const fails = this.disk.begin();
    if (this.disk.setup.later) {
      this.state = "fetching";
      this.disk.underway.push({ fails, read: this.number, bytes: max });
    } else if (fails) this.state = "failed";
    else this.arrive(this.disk.read(max, this.position));
  }

  arrive(content: Content): void {
    this.position += content.length;
    this.chunk = content;
    this.state = content.length === 0 ? "closed" : "idle";
  }
}

/** A sink that writes to the file. */
export class FileSinkModel {
  readonly outlet: number;
  disk: DiskModel;
  position: number | undefined;
  taken = 0;
  /** All that its outlet was given, and how much of that the file has. */
  given = Content.NONE;
  written = 0;
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

  give(content: Content): void {
    this.given = this.given.plus(content);
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
      const { length } = this.putNow(left);
      this.taken += length;
      left -= length;
    }
    return bytes;
  }

  flush(): boolean | Broken {
    return this.isBroken ? "failed" : !this.isUnderway;
  }

  /** Part of what is under way is done. True if the sink has something to say. */
  goOn({ fails, bytes, content }: Done): boolean {
    if (!fails && content.length < bytes) {
      this.disk.underway.push({ fails: this.disk.begin(), write: this.outlet, bytes: bytes - content.length });
      return false;
    }
    this.isUnderway = false;
    this.isBroken = fails;
    return true;
  }

  putNow(bytes: number): Content {
    const put = this.disk.write(this.given.part(this.written, bytes), this.position);
    this.written += put.length;
    if (this.position !== undefined) this.position += put.length;
    return put;
  }
}
