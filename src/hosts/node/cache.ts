import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { TRANSPILER, type Transpiled } from "../../run/transpile.ts";

/** A line with the checksum of the rest, which is an `Index` in JSON. */
const INDEX = "index";
/** What an entry was made of, as it was given. */
const COMPONENT = "component.wasm";
/** What we name the folders of entries, and what 0.1.0 named them. Nobody else's are named so. */
const ENTRY = /^(?:component-[0-9a-f]{8}-\d+|[0-9a-f]{64})$/;
/** The same while they are not finished. */
const SCRATCH = /^(?:component-[0-9a-f]{8}-\d+|[0-9a-f]{64})-\w{6}$/;

interface Index {
  readonly transpiler: string;
  readonly imports: readonly string[];
  /** The name of the file. */
  readonly glue: string;
  /** Checksums by file name; the cores under the names that the glue asks for. */
  readonly files: Readonly<Record<string, string>>;
}

/** An entry that has been read. Its glue is imported from its file, so that Node can keep the compiled code of it. */
export interface CachedComponent {
  readonly imports: Transpiled["imports"];
  readonly cores: Transpiled["cores"];
  readonly gluePath: string;
}

/** Where transpiled components are kept unless somebody says otherwise: SLUICE_CACHE_DIR, else as the platform expects. */
export function defaultCacheFolder(env: NodeJS.ProcessEnv = process.env, platform: string = process.platform): string {
  if (env["SLUICE_CACHE_DIR"]) return env["SLUICE_CACHE_DIR"];
  if (platform === "win32") return join(env["LOCALAPPDATA"] ?? join(homedir(), "AppData", "Local"), "sluice", "cache");
  if (platform === "darwin") return join(homedir(), "Library", "Caches", "sluice");
  return join(env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "sluice");
}

/**
 * A folder of transpiled components, one folder each. An entry appears all at once, by a rename, so that several
 * processes may write the same one; each of its files is checked when it is read.
 *
 * It holds what it was made of, and is for nothing else: the bytes are compared, so that the name of the entry and the
 * checksums, which anybody can hit who wants to, have to tell accidents alone. A digest that would do without the
 * comparison takes longer to load (node:crypto, 6 ms) than all of this takes for a small component (4 ms), which is what
 * `npm run bench startup` measures. The files are few and small, and there is nothing else to do meanwhile: reading them
 * one by one, without promises, is fastest.
 */
export class DiskCache {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** What is kept of a component, or `undefined` if there is nothing or it is damaged. */
  load(component: Uint8Array): CachedComponent | undefined {
    const entry = this.#entry(component);
    try {
      if (!readFileSync(join(entry, COMPONENT)).equals(component)) return undefined;
      const [sum, json = ""] = readFileSync(join(entry, INDEX), "utf8").split("\n");
      if (checksum(json) !== sum) return undefined;
      const index = JSON.parse(json) as Index;
      if (index.transpiler !== TRANSPILER) return undefined;
      const files = new Map(
        Object.entries(index.files).map(([name, expected]) => {
          const content = readFileSync(join(entry, name));
          if (checksum(content) !== expected) throw new Error(`${name} is damaged`);
          return [name, content];
        }),
      );
      if (!files.delete(index.glue)) return undefined;
      return { imports: index.imports, cores: files, gluePath: join(entry, index.glue) };
    } catch {
      return undefined;
    }
  }

  /** Keeps an entry, in place of a damaged one, and reads it; `undefined` if the folder cannot be written. */
  store(component: Uint8Array, { imports, glue, cores }: Transpiled): CachedComponent | undefined {
    const glueName = nameOfGlue(glue);
    const files = new Map([[glueName, glue], ...cores]);
    const sums = Object.fromEntries([...files].map(([name, content]) => [name, checksum(content)]));
    const index: Index = { transpiler: TRANSPILER, imports, glue: glueName, files: sums };
    let scratch;
    try {
      mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
      scratch = mkdtempSync(`${this.#entry(component)}-`);
      writeFileSync(join(scratch, COMPONENT), component);
      for (const [name, content] of files) writeFileSync(join(scratch, name), content);
      const json = JSON.stringify(index);
      writeFileSync(join(scratch, INDEX), `${checksum(json)}\n${json}`);
      this.#replace(scratch, component);
      return this.load(component);
    } catch {
      return undefined;
    } finally {
      if (scratch !== undefined) rmSync(scratch, { recursive: true, force: true });
    }
  }

  /** Forgets all entries, and says how many. What else is in the folder stays: it may be somebody's by mistake. */
  clear(): number {
    let names;
    try {
      names = readdirSync(this.#folder);
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "ENOENT") return 0;
      throw error;
    }
    const entries = names.filter((name) => ENTRY.test(name));
    const ours = [...entries, ...names.filter((name) => SCRATCH.test(name))];
    for (const name of ours) rmSync(join(this.#folder, name), { recursive: true, force: true });
    return entries.length;
  }

  #entry(component: Uint8Array): string {
    return join(this.#folder, `component-${hex(crc32(component, crc32(TRANSPILER)))}-${component.length}`);
  }

  #replace(scratch: string, component: Uint8Array): void {
    const entry = this.#entry(component);
    try {
      renameSync(scratch, entry);
    } catch {
      // Somebody else's, as good as ours; or a damaged one, or one of another component, which has to go first.
      if (this.load(component)) return;
      rmSync(entry, { recursive: true, force: true });
      renameSync(scratch, entry);
    }
  }
}

function checksum(content: Uint8Array | string): string {
  return hex(crc32(content));
}

function crc32(content: Uint8Array | string, start = 0): number {
  // Fetched when it is needed: the command loads this module also where there is no component.
  return process.getBuiltinModule("node:zlib").crc32(content, start);
}

function hex(sum: number): string {
  return sum.toString(16).padStart(8, "0");
}

/** Another name for another text: what a process has once imported from a path stays so until it ends. */
function nameOfGlue(glue: Uint8Array): string {
  // An `.mjs`, so that Node needs no package.json to know what it is.
  return `glue-${process.getBuiltinModule("node:crypto").hash("sha256", glue)}.mjs`;
}
