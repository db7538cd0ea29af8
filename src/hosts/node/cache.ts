import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { TRANSPILER, type Transpiled } from "../../run/transpile.ts";

const INDEX = "index.json";
/** An `.mjs`, so that Node needs no package.json to know what it is. */
export const GLUE = "glue.mjs";
/** What we name the folders of entries, and those that are not finished. Nobody else's are named so. */
const ENTRY = /^[0-9a-f]{64}$/;
const SCRATCH = /^[0-9a-f]{64}-\w{6}$/;

interface Index {
  readonly imports: readonly string[];
  /** SHA-256 by file name; the cores under the names that the glue asks for. */
  readonly files: Readonly<Record<string, string>>;
}

/** Where transpiled components are kept unless somebody says otherwise: SLUICE_CACHE_DIR, else as the platform expects. */
export function defaultCacheFolder(env: NodeJS.ProcessEnv = process.env, platform: string = process.platform): string {
  if (env["SLUICE_CACHE_DIR"]) return env["SLUICE_CACHE_DIR"];
  if (platform === "win32") return join(env["LOCALAPPDATA"] ?? join(homedir(), "AppData", "Local"), "sluice", "cache");
  if (platform === "darwin") return join(homedir(), "Library", "Caches", "sluice");
  return join(env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "sluice");
}

/** What a component is kept under: the same bytes, transpiled by the same transpiler. */
export function cacheKey(component: Uint8Array): string {
  return createHash("sha256").update(TRANSPILER).update(component).digest("hex");
}

/**
 * A folder of transpiled components, one folder each. An entry appears all at once, by a rename, so that several
 * processes may write the same one; each of its files is checked when it is read.
 */
export class DiskCache {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** The folder of an entry, whether it exists or not. */
  entry(key: string): string {
    return join(this.#folder, key);
  }

  /** The entry, or `undefined` if there is none or it is damaged. */
  async load(key: string): Promise<Transpiled | undefined> {
    try {
      const index = JSON.parse(await readFile(join(this.entry(key), INDEX), "utf8")) as Index;
      const files = new Map(
        await Promise.all(
          Object.entries(index.files).map(async ([name, digest]) => {
            const content = await readFile(join(this.entry(key), name));
            if (sha256(content) !== digest) throw new Error(`${name} is damaged`);
            return [name, content] as const;
          }),
        ),
      );
      const glue = files.get(GLUE);
      files.delete(GLUE);
      return glue && { imports: index.imports, glue, cores: files };
    } catch {
      return undefined;
    }
  }

  /** Keeps an entry, in place of a damaged one. Says whether it could: a folder that cannot be written is no error. */
  async store(key: string, transpiled: Transpiled): Promise<boolean> {
    const files = new Map([[GLUE, transpiled.glue], ...transpiled.cores]);
    const digests = Object.fromEntries([...files].map(([name, content]) => [name, sha256(content)]));
    const index: Index = { imports: transpiled.imports, files: digests };
    let scratch;
    try {
      await mkdir(this.#folder, { recursive: true, mode: 0o700 });
      scratch = await mkdtemp(`${this.entry(key)}-`);
      for (const [name, content] of files) {
        // oxlint-disable-next-line no-await-in-loop -- a few files, one after the other
        await writeFile(join(scratch, name), content);
      }
      await writeFile(join(scratch, INDEX), JSON.stringify(index));
      await this.#replace(scratch, key);
      return (await this.load(key)) !== undefined;
    } catch {
      return false;
    } finally {
      if (scratch) await rm(scratch, { recursive: true, force: true });
    }
  }

  /** Forgets all entries, and says how many. What else is in the folder stays: it may be somebody's by mistake. */
  async clear(): Promise<number> {
    let names;
    try {
      names = await readdir(this.#folder);
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "ENOENT") return 0;
      throw error;
    }
    const entries = names.filter((name) => ENTRY.test(name));
    const ours = [...entries, ...names.filter((name) => SCRATCH.test(name))];
    await Promise.all(ours.map((name) => rm(this.entry(name), { recursive: true, force: true })));
    return entries.length;
  }

  async #replace(scratch: string, key: string): Promise<void> {
    try {
      await rename(scratch, this.entry(key));
    } catch {
      // Somebody else's, as good as ours; or a damaged one, which has to go first.
      if (await this.load(key)) return;
      await rm(this.entry(key), { recursive: true, force: true });
      await rename(scratch, this.entry(key));
    }
  }
}

function sha256(content: Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}
