/** What is called of Node's `fs`, in its two forms. */
import type { BigIntStats } from "node:fs";
import type { Later } from "../../wasi/filesystem/files.ts";
import { fs } from "./builtins.ts";
import { list, listSync, type Listed } from "./listing.ts";

/** The calls of Node's that we need, in one of its two forms. */
export interface Calls {
  open(path: string, flags: number, mode: number): Later<number>;
  read(fd: number, into: Uint8Array, at: number): Later<number>;
  /** Copies `bytes` first, if it does not write them before it returns. */
  write(fd: number, bytes: Uint8Array, at: number | null): Later<number>;
  fstat(fd: number): Later<BigIntStats>;
  lstat(path: string): Later<BigIntStats>;
  ftruncate(fd: number, size: number): Later<void>;
  futimes(fd: number, accessed: number | Date, modified: number | Date): Later<void>;
  lutimes(path: string, accessed: number | Date, modified: number | Date): Later<void>;
  fsync(fd: number): Later<void>;
  fdatasync(fd: number): Later<void>;
  readdir(path: string): Later<Listed[]>;
  readlink(path: string): Later<Buffer>;
  mkdir(path: string): Later<void>;
  rmdir(path: string): Later<void>;
  unlink(path: string): Later<void>;
  symlink(target: string, path: string): Later<void>;
  link(path: string, toPath: string): Later<void>;
  rename(path: string, toPath: string): Later<void>;
}

interface BlockingCalls extends Calls {
  read(fd: number, into: Uint8Array, at: number): number;
}

export const BLOCKING: BlockingCalls = {
  open: fs.openSync,
  read: (fd, into, at) => fs.readSync(fd, into, 0, into.length, at),
  write: (fd, bytes, at) => fs.writeSync(fd, bytes, 0, bytes.length, at),
  fstat: (fd) => fs.fstatSync(fd, { bigint: true }),
  lstat: (path) => fs.lstatSync(path, { bigint: true }),
  ftruncate: fs.ftruncateSync,
  futimes: fs.futimesSync,
  lutimes: fs.lutimesSync,
  fsync: fs.fsyncSync,
  fdatasync: fs.fdatasyncSync,
  readdir: listSync,
  readlink: (path) => fs.readlinkSync(path, { encoding: "buffer" }),
  mkdir: (path) => fs.mkdirSync(path),
  rmdir: (path) => fs.rmdirSync(path),
  unlink: fs.unlinkSync,
  symlink: (target, path) => fs.symlinkSync(target, path),
  link: fs.linkSync,
  rename: fs.renameSync,
};

/** Makes a promise of a call that takes a callback. */
function promised<T>(call: (done: (error: Error | null, value: T) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    call((error, value) => {
      if (error) reject(error);
      else resolve(value);
    });
  });
}

export const WAITING: Calls = {
  open: (path, flags, mode) => promised((done) => fs.open(path, flags, mode, done)),
  read: (fd, into, at) => promised((done) => fs.read(fd, into, 0, into.length, at, done)),
  write: (fd, bytes, at) => promised((done) => fs.write(fd, bytes.slice(), 0, bytes.length, at, done)),
  fstat: (fd) => promised((done) => fs.fstat(fd, { bigint: true }, done)),
  lstat: (path) => promised((done) => fs.lstat(path, { bigint: true }, done)),
  ftruncate: (fd, size) => promised((done) => fs.ftruncate(fd, size, done)),
  futimes: (fd, accessed, modified) => promised((done) => fs.futimes(fd, accessed, modified, done)),
  lutimes: (path, accessed, modified) => promised((done) => fs.lutimes(path, accessed, modified, done)),
  fsync: (fd) => promised((done) => fs.fsync(fd, done)),
  fdatasync: (fd) => promised((done) => fs.fdatasync(fd, done)),
  readdir: (path) => promised((done) => list(path, done)),
  readlink: (path) => promised((done) => fs.readlink(path, { encoding: "buffer" }, done)),
  mkdir: (path) => promised((done) => fs.mkdir(path, done)),
  rmdir: (path) => promised((done) => fs.rmdir(path, done)),
  unlink: (path) => promised((done) => fs.unlink(path, done)),
  symlink: (target, path) => promised((done) => fs.symlink(target, path, done)),
  link: (path, toPath) => promised((done) => fs.link(path, toPath, done)),
  rename: (path, toPath) => promised((done) => fs.rename(path, toPath, done)),
};
