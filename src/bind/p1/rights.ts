/**
 * The flags `rights` of preview 1.
 *
 * They are told, and not kept as capabilities that a guest could give up: what may be done is decided by what a
 * descriptor was opened for, as in WASI 0.2 and in Wasmtime. A libc looks at them for what it may ask for below a
 * directory (inheriting), and for whether something is a terminal (no seek, no tell).
 */
export const RIGHTS = {
  fdDatasync: 0x1,
  fdRead: 0x2,
  fdSeek: 0x4,
  fdFdstatSetFlags: 0x8,
  fdSync: 0x10,
  fdTell: 0x20,
  fdWrite: 0x40,
  fdAdvise: 0x80,
  fdAllocate: 0x100,
  pathCreateDirectory: 0x200,
  pathCreateFile: 0x400,
  pathLinkSource: 0x800,
  pathLinkTarget: 0x1000,
  pathOpen: 0x2000,
  fdReaddir: 0x4000,
  pathReadlink: 0x8000,
  pathRenameSource: 0x10000,
  pathRenameTarget: 0x20000,
  pathFilestatGet: 0x40000,
  pathFilestatSetTimes: 0x100000,
  fdFilestatGet: 0x200000,
  fdFilestatSetSize: 0x400000,
  fdFilestatSetTimes: 0x800000,
  pathSymlink: 0x1000000,
  pathRemoveDirectory: 0x2000000,
  pathUnlinkFile: 0x4000000,
  pollFdReadwrite: 0x8000000,
} as const;

const FILE_READS = RIGHTS.fdRead;
const FILE_WRITES = RIGHTS.fdWrite | RIGHTS.fdAllocate | RIGHTS.fdFilestatSetSize;
const FILE_ALWAYS =
  RIGHTS.fdDatasync |
  RIGHTS.fdSync |
  RIGHTS.fdSeek |
  RIGHTS.fdTell |
  RIGHTS.fdAdvise |
  RIGHTS.fdFdstatSetFlags |
  RIGHTS.fdFilestatGet |
  RIGHTS.fdFilestatSetTimes |
  RIGHTS.pollFdReadwrite;

/** Of a file that is open for these. */
export function fileRights(read: boolean, write: boolean): number {
  return FILE_ALWAYS | (read ? FILE_READS : 0) | (write ? FILE_WRITES : 0);
}

const STREAM_RIGHTS = RIGHTS.fdFdstatSetFlags | RIGHTS.fdFilestatGet | RIGHTS.pollFdReadwrite;
/** Of standard input. */
export const INPUT_RIGHTS: number = STREAM_RIGHTS | RIGHTS.fdRead;
/** Of standard output and error. */
export const OUTPUT_RIGHTS: number = STREAM_RIGHTS | RIGHTS.fdWrite;

/**
 * Of a directory. Without those to set sizes: a file is truncated by opening it for that, which a guest that believes in
 * rights would otherwise expect to be able to give up.
 */
export const DIRECTORY_RIGHTS: number =
  RIGHTS.pathCreateDirectory |
  RIGHTS.pathCreateFile |
  RIGHTS.pathLinkSource |
  RIGHTS.pathLinkTarget |
  RIGHTS.pathOpen |
  RIGHTS.fdReaddir |
  RIGHTS.pathReadlink |
  RIGHTS.pathRenameSource |
  RIGHTS.pathRenameTarget |
  RIGHTS.pathSymlink |
  RIGHTS.pathRemoveDirectory |
  RIGHTS.pathUnlinkFile |
  RIGHTS.pathFilestatGet |
  RIGHTS.pathFilestatSetTimes |
  RIGHTS.fdFilestatGet |
  RIGHTS.fdFilestatSetTimes |
  RIGHTS.fdSync |
  RIGHTS.fdDatasync;

/**
 * What a libc may ask for below any directory. That of a read-only one too: asked for less than the program wanted, it
 * would give the program a file that cannot be written, instead of an error.
 */
export const INHERITED_RIGHTS: number = DIRECTORY_RIGHTS | fileRights(true, true);
