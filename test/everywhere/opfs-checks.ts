/** The files of a page's origin: by handles for synchronous access in a worker, by streams in a page. */
import { HandleFiles } from "../../src/hosts/web/files/handle-files.ts";
import { checkFiles, FILES_RULES, type FilesFixture } from "../../src/testing/index.ts";
import { ContractError } from "../../src/testing/claims.ts";
import type { OpenDirectory } from "../../src/wasi/filesystem/files.ts";
import { MemoryFiles } from "../../src/wasi/filesystem/memory-files.ts";
import { opfsRules, outcomeOf, type OpfsRule, type Tree } from "./opfs-rules.ts";
import { holds, rejection, same, textOf, type Check } from "./check.ts";
import type { WebHost } from "./web-checks.ts";

/** Rules that are broken, beside those for which the standard has nothing (ENOTSUP). One that is kept breaks the run. */
const BROKEN: Readonly<Record<string, string>> = {
  "F2.10 a file that loses its name lives on while it is open": "a file that is open is locked, and so not removed",
};

let made = 0;

/** A new directory of the origin's. */
async function fresh(): Promise<{ readonly handle: FileSystemDirectoryHandle; readonly remove: () => Promise<void> }> {
  const root = await navigator.storage.getDirectory();
  // A page and its worker share what there is.
  const name = `${typeof document === "undefined" ? "worker" : "page"}-${made++}`;
  await root.removeEntry(name, { recursive: true }).catch(() => {});
  const handle = await root.getDirectoryHandle(name, { create: true });
  return { handle, remove: () => root.removeEntry(name, { recursive: true }) };
}

async function fixture(): Promise<FilesFixture> {
  const { handle, remove } = await fresh();
  const files = new HandleFiles(handle);
  const directory = files.root();
  return {
    directory,
    elsewhere: new MemoryFiles().root(),
    // Once to where the files are.
    turn: async () => void (await handle.keys().next()),
    async dispose() {
      directory.close();
      await files.settled();
      await remove();
    },
  };
}

async function contentsOf(handle: FileSystemDirectoryHandle, name: string): Promise<string> {
  return textOf([new Uint8Array(await (await (await handle.getFileHandle(name)).getFile()).arrayBuffer())]);
}

/** As the rules of opfs-rules.ts want it. */
async function populated(): Promise<Tree & { readonly done: () => Promise<void> }> {
  const { handle, remove } = await fresh();
  const writing = await (await handle.getFileHandle("f", { create: true })).createWritable();
  await writing.write("text");
  await writing.close();
  await handle.getDirectoryHandle("d", { create: true });
  await (await handle.getDirectoryHandle("full", { create: true })).getFileHandle("g", { create: true });
  const files = new HandleFiles(handle);
  return {
    handle,
    root: files.root(),
    async done() {
      await files.settled();
      await remove();
    },
  };
}

/** Pages have no handles for synchronous access. */
const IS_WORKER = typeof document === "undefined";

async function played({ asks, inWorker, elsewhere, tries }: OpfsRule): Promise<void> {
  const tree = await populated();
  for (const [at, attempt] of tries(tree).entries()) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    same(`${asks} (${at})`, await outcomeOf(attempt), IS_WORKER ? inWorker : elsewhere);
  }
  await tree.done();
}

/** Of guests on such files, for which it matters how they wait. */
export const opfsGuestChecks: readonly Check<WebHost>[] = [
  {
    title: "a handle of the origin's files is no directory itself, and the message says what to do",
    async play({ run, compile, file }) {
      const { handle, remove } = await fresh();
      // What somebody may try.
      const preopens = { "/": handle as unknown as OpenDirectory };
      const error = await rejection(run(await compile(await file("built/hello.wasm")), { preopens }));
      holds(String(error).includes("HandleFiles"), String(error));
      await remove();
    },
  },
  {
    title: "a guest copies files of the origin, and all of it is there when they are settled",
    async play({ run, compile, file }) {
      const { handle, remove } = await fresh();
      const files = new HandleFiles(handle);
      const text = "0123456789abcdef".repeat(20_000);
      const source = await (await handle.getFileHandle("from", { create: true })).createWritable();
      await source.write(text);
      await source.close();
      let said = "";
      const { exitCode } = await run(await compile(await file("built/cp.wasm")), {
        args: ["cp", "/data/from", "/data/to"],
        preopens: { "/data": files.root() },
        stderr: (chunk) => void (said += textOf([chunk])),
      });
      same("exit code", exitCode, 0, said);
      await files.settled();
      holds((await contentsOf(handle, "to")) === text, "the copy differs");
      await remove();
    },
  },
];

export const opfsChecks: readonly Check<WebHost>[] = [
  ...opfsRules.map((rule): Check<WebHost> => ({
    title: `files of the origin: ${rule.asks}`,
    play: () => played(rule),
  })),
  {
    title: "files of the origin keep every rule of files but those that the standard has nothing for",
    async play() {
      const error: unknown = await checkFiles(fixture).catch((thrown: unknown) => thrown);
      const broken = error instanceof ContractError ? error.broken : [];
      holds(error instanceof ContractError, `no rule is broken: ${String(error)}`);
      const key = ({ rule, claim }: { rule: string; claim: string }): string => `${rule} ${claim}`;
      const wrong = broken.filter((rule) => !(key(rule) in BROKEN) && !rule.message.includes("ENOTSUP"));
      same(
        "broken",
        wrong.map((rule) => `${key(rule)}: ${rule.message}`),
        [],
      );
      const names = new Set(broken.map(key));
      same(
        "kept, but listed",
        Object.keys(BROKEN).filter((name) => !names.has(name)),
        [],
      );
      holds(FILES_RULES.length > broken.length, "all are broken");
    },
  },
  ...opfsGuestChecks,
];
