/** Reading and writing. */
import { StreamError } from "../../io/errors.ts";
import type { Steps } from "../../io/steps.ts";
import { FileError } from "../../wasi/filesystem/files.ts";
import { define, type P1, type P1Functions, type P1Outcome } from "./define.ts";
import type { Fd, FileFd, InputFd, OutputFd } from "./fds.ts";
import { gather, roomIn, scatter } from "./vectors.ts";

/** Where in the guest's memory the pieces are that are read into, or written. */
interface Where {
  readonly vectors: number;
  readonly count: number;
  /** Where the number of bytes goes. */
  readonly result: number;
}

const NOTHING = new Uint8Array(0);

export function transferFunctions(p1: P1): P1Functions {
  const { fds } = p1;
  return {
    fd_read: define(["u32", "u32", "u32", "u32"], (number, vectors, count, result) => {
      const fd = fds.get(number);
      const where = { vectors, count, result };
      return fd.tag === "input" ? readStream(p1, fd, where) : readFile(p1, readable(fd), where, undefined);
    }),
    fd_pread: define(["u32", "u32", "u32", "length", "u32"], (number, vectors, count, at, result) =>
      readFile(p1, readable(positioned(fds.get(number))), { vectors, count, result }, at),
    ),
    fd_write: define(["u32", "u32", "u32", "u32"], (number, vectors, count, result) => {
      const fd = fds.get(number);
      const where = { vectors, count, result };
      return fd.tag === "output" ? writeStream(p1, fd, where) : writeFile(p1, writable(fd), where, undefined);
    }),
    fd_pwrite: define(["u32", "u32", "u32", "length", "u32"], (number, vectors, count, at, result) =>
      writeFile(p1, writable(positioned(fds.get(number))), { vectors, count, result }, at),
    ),
  };
}

function positioned(fd: Fd): Fd {
  if (fd.tag === "input" || fd.tag === "output") throw new FileError("ESPIPE", "a stream has no position");
  return fd;
}

function readable(fd: Fd): FileFd {
  // A directory is none that is open for reading: Wasmtime's answer, where POSIX has EISDIR.
  if (fd.tag !== "file" || !fd.descriptor.flags.read) throw new FileError("EBADF", "not open for reading");
  return fd;
}

function writable(fd: Fd): FileFd {
  if (fd.tag !== "file" || !fd.descriptor.flags.write) throw new FileError("EBADF", "not open for writing");
  return fd;
}

/** Waits until there is something, as a read does that would give nothing else. The end is a read of nothing. */
function readStream(p1: P1, { stream, nonblocking }: InputFd, where: Where): P1Outcome {
  const max = roomIn(p1.memory, where.vectors, where.count);
  if (max === 0) return deliver(p1, where, NOTHING);
  let bytes;
  try {
    bytes = stream.read(max, !nonblocking);
  } catch (error) {
    return deliver(p1, where, endOr(error));
  }
  if (bytes.length > 0) return deliver(p1, where, bytes);
  if (!nonblocking) return readLater();
  p1.host.task.idle();
  throw new FileError("EAGAIN", "there is nothing to read now");

  function* readLater(): Steps<void> {
    let late;
    try {
      late = yield* stream.laterRead(max);
    } catch (error) {
      late = endOr(error);
    }
    deliver(p1, where, late);
  }
}

/** What is read at the end of a stream: nothing. */
function endOr(error: unknown): Uint8Array {
  if (error instanceof StreamError && error.payload.tag === "closed") return NOTHING;
  throw error;
}

function deliver({ memory }: P1, { vectors, count, result }: Where, bytes: Uint8Array): void {
  scatter(memory, vectors, count, bytes);
  memory.storeU32(result, bytes.length);
}

/** @param at Where in the file, or `undefined` for its position, which is then moved. */
function* readFile(p1: P1, fd: FileFd, where: Where, at: number | undefined): Steps<void> {
  const max = Math.min(roomIn(p1.memory, where.vectors, where.count), p1.world.limits.readBytes);
  const [bytes] = yield* fd.descriptor.read(max, at ?? fd.position);
  deliver(p1, where, bytes);
  if (at === undefined) fd.position += bytes.length;
}

/**
 * Waits until all has left, as it would have for a process: then a prompt is seen before its answer is read, and that
 * nobody reads any more is known by whoever writes.
 */
function writeStream({ memory, host, world }: P1, fd: OutputFd, { vectors, count, result }: Where): P1Outcome {
  const bytes = gather(memory, vectors, count, world.limits.writeBytes);
  host.task.countBytes(bytes.length);
  const { stream } = fd;
  if (fd.nonblocking && bytes.length > 0) {
    const permitted = stream.checkWrite();
    if (permitted === 0) {
      host.task.idle();
      throw new FileError("EAGAIN", "nothing can be written now");
    }
    const piece = bytes.subarray(0, permitted);
    stream.write(piece);
    return memory.storeU32(result, piece.length);
  }
  const rest = bytes.length > 0 ? stream.deliverOrWait(bytes) : undefined;
  if (rest) return writeRest(rest);
  return memory.storeU32(result, bytes.length);

  function* writeRest(steps: Steps<void>): Steps<void> {
    yield* steps;
    memory.storeU32(result, bytes.length);
  }
}

/** As on Linux, `at` does not count for a file that is appended to. */
function* writeFile(p1: P1, fd: FileFd, where: Where, at: number | undefined): Steps<void> {
  const { memory, world, host } = p1;
  const { descriptor } = fd;
  const bytes = gather(memory, where.vectors, where.count, world.limits.writeBytes);
  host.task.countBytes(bytes.length);
  const count = yield* fd.append ? descriptor.append(bytes) : descriptor.write(bytes, at ?? fd.position);
  if (at === undefined) fd.position = fd.append ? Number((yield* descriptor.stat()).size) : fd.position + count;
  memory.storeU32(where.result, count);
}
