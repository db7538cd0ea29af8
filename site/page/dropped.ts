/** What was dropped or picked: files, with the folders that they are in. */

/** A file, and its path without a leading slash. */
export interface Dropped {
  readonly path: string;
  readonly file: File;
}

/** A file whose bytes are here. */
export interface Read {
  readonly path: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Files that were picked, by themselves or with their folder. */
export function pickedFiles(files: Iterable<File>): Dropped[] {
  return Array.from(files, (file) => ({ path: file.webkitRelativePath || file.name, file }));
}

/** All files of a drop, and of its folders. To be called while the event is told: later there is nothing. */
export async function droppedFiles(transfer: DataTransfer | null): Promise<Dropped[]> {
  const entries = [...(transfer?.items ?? [])].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  if (entries.length === 0) return pickedFiles(transfer?.files ?? []);
  return (await Promise.all(entries.map(filesIn))).flat();
}

/** What is in it. @throws {Error} That names it: it may be gone by now, or too large for one array. */
export async function read({ path, file }: Dropped): Promise<Read> {
  try {
    return { path, bytes: new Uint8Array(await file.arrayBuffer()) };
  } catch (cause) {
    throw new Error(`${path}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

async function filesIn(entry: FileSystemEntry): Promise<Dropped[]> {
  if (isFile(entry)) {
    const file = await new Promise<File>((resolve, reject) => entry.file(resolve, reject));
    return [{ path: entry.fullPath.replace(/^\//, ""), file }];
  }
  if (!isDirectory(entry)) return [];
  const entries = await rest(entry.createReader());
  return (await Promise.all(entries.map(filesIn))).flat();
}

/** A reader gives some at a time, and none at the end. */
async function rest(reader: FileSystemDirectoryReader): Promise<FileSystemEntry[]> {
  const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
  return some.length === 0 ? some : [...some, ...(await rest(reader))];
}

/** Has the page show, while files are dragged over it, that they can be dropped. */
export function watchDrags(): void {
  const { dataset } = document.documentElement;
  const over = (): void => {
    delete dataset["dragging"];
  };
  addEventListener("dragenter", ({ dataTransfer }) => {
    if (dataTransfer?.types.includes("Files")) dataset["dragging"] = "";
  });
  addEventListener("dragleave", ({ relatedTarget }) => {
    // From one element to another it has not left.
    if (relatedTarget === null) over();
  });
  // Before those that take it.
  addEventListener("drop", over, { capture: true });
}

function isFile(entry: FileSystemEntry): entry is FileSystemFileEntry {
  return entry.isFile;
}

function isDirectory(entry: FileSystemEntry): entry is FileSystemDirectoryEntry {
  return entry.isDirectory;
}
