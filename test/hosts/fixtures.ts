/** Real pipes, files and streams, as fixtures for the checks of the contract. */
import { execFileSync } from "node:child_process";
import { closeSync, constants, mkdtempSync, openSync, readdirSync, readSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fdSource, FdSink } from "../../src/hosts/node/fd.ts";
import { LISTENS } from "../../src/hosts/node/fd-retry.ts";
import type { InputFixture, OutputFixture, Turn } from "../../src/testing/index.ts";
import { inputOf, memoryInput, outputOf, turn } from "../testing/fixtures.ts";

/** A folder that is gone when the process ends. */
export const folder: string = mkdtempSync(join(tmpdir(), "sluice-hosts-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

let files = 0;

/** A path that nobody has used yet. */
export function freshPath(): string {
  return join(folder, String(files++));
}

export interface Fifo {
  readonly reader: number;
  readonly writer: number;
  closeReader(): void;
  closeWriter(): void;
}

/** A pipe of the operating system, both of whose ends are ours. */
export function fifo(): Fifo {
  const path = freshPath();
  execFileSync("mkfifo", [path]);
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const writer = openSync(path, constants.O_WRONLY);
  rmSync(path);
  return { reader, writer, closeReader: once(() => closeSync(reader)), closeWriter: once(() => closeSync(writer)) };
}

function once(action: () => void): () => void {
  let done = false;
  return () => {
    if (!done) action();
    done = true;
  };
}

/** What a non-blocking descriptor has now: no bytes for none, `null` for the end. */
export function readNow(fd: number, max = 64 * 1024): Uint8Array | null {
  const buffer = new Uint8Array(max);
  try {
    const count = readSync(fd, buffer, 0, max, null);
    return count === 0 ? null : buffer.subarray(0, count);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EAGAIN") return new Uint8Array(0);
    throw error;
  }
}

/** How many descriptors this process has open. */
export function openDescriptors(): number {
  return readdirSync("/proc/self/fd").length;
}

/**
 * A turn for descriptors. Where nobody tells of them they are tried again by timers of some milliseconds: these come before a
 * thousand such turns are over, however fast the loop turns.
 */
const descriptorTurn: Turn = LISTENS ? turn : () => new Promise((resolve) => setTimeout(resolve));

/** An `FdSink` over a pipe, whose reader reads in each turn unless it stalls. */
export function pipeOutput(): OutputFixture {
  const { reader, writer, closeReader, closeWriter } = fifo();
  const sink = new FdSink(writer);
  const chunks: Uint8Array[] = [];
  let reading = true;
  const drain = (): void => {
    if (!reading) return;
    for (let bytes = readNow(reader); bytes && bytes.length > 0; bytes = readNow(reader)) chunks.push(bytes);
  };
  return {
    ...outputOf(sink),
    turn: async () => {
      drain();
      await descriptorTurn();
    },
    async arrived(count) {
      for (;;) {
        drain();
        const all = Buffer.concat(chunks);
        if (all.length >= count) return all;
        // oxlint-disable-next-line no-await-in-loop -- until it has come
        await descriptorTurn();
      }
    },
    stall: () => {
      reading = false;
    },
    release: () => {
      reading = true;
      drain();
    },
    leave: () => {
      reading = false;
      closeReader();
    },
    input: () => memoryInput(),
    dispose: () => {
      reading = false;
      sink.abort();
      closeReader();
      closeWriter();
    },
  };
}

/** An `fdSource` over a pipe. */
export function pipeInput(read = inputOf): InputFixture {
  const { reader, writer, closeReader, closeWriter } = fifo();
  const source = fdSource(reader);
  return {
    ...read(source),
    turn: descriptorTurn,
    supply: (bytes) => void writeSync(writer, bytes),
    supplyLater: (bytes) => void writeSync(writer, bytes),
    end: closeWriter,
    dispose: () => {
      source.close();
      closeReader();
      closeWriter();
    },
  };
}
