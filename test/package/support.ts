/** The package as somebody gets it who installs it: packed, and installed into an empty project without a network. */
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const exec = promisify(execFile);

export const root: string = fileURLToPath(new URL("../../", import.meta.url));

export interface Packed {
  readonly unpackedSize: number;
  readonly files: readonly { readonly path: string }[];
}

export interface Ran {
  readonly stdout: string;
  readonly stderr: string;
}

/** A project that has installed the package. */
export class Project {
  readonly folder: string;
  readonly packed: Packed;

  private constructor(folder: string, packed: Packed) {
    this.folder = folder;
    this.packed = packed;
  }

  static async create(): Promise<Project> {
    const folder = await mkdtemp(join(tmpdir(), "sluice-package-"));
    // Without scripts: dist/ is built before the tests, and other tests are reading it.
    const pack = await run(root, "npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", folder]);
    const [packed] = Object.values(JSON.parse(pack.stdout) as Record<string, Packed & { readonly filename: string }>);
    if (!packed) throw new Error(`npm pack says nothing about what it packed: ${pack.stdout}`);
    await writeFile(join(folder, "package.json"), '{ "private": true, "type": "module" }\n');
    await run(folder, "npm", [
      "install",
      "--offline",
      "--ignore-scripts",
      "--no-audit",
      "--no-fund",
      "--cache",
      join(folder, "npm-cache"),
      join(folder, packed.filename),
    ]);
    return new Project(folder, packed);
  }

  /** The file under the installed package. */
  installed(...path: string[]): string {
    return join(this.folder, "node_modules", "sluice", ...path);
  }

  async write(name: string, text: string): Promise<string> {
    const path = join(this.folder, name);
    await writeFile(path, text);
    return path;
  }

  /** Makes a development dependency of ours one of the project's too. */
  async borrow(name: string): Promise<void> {
    const place = join(this.folder, "node_modules", name);
    await mkdir(dirname(place), { recursive: true });
    await symlink(join(root, "node_modules", name), place, "junction");
  }

  /** Runs a program of the project. Rejects unless it exits with 0. */
  run(file: string, args: readonly string[]): Promise<Ran> {
    return run(this.folder, file, args);
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** Runs with the Node that runs this first in the path. */
async function run(cwd: string, file: string, args: readonly string[]): Promise<Ran> {
  const path = `${dirname(process.execPath)}${delimiter}${process.env["PATH"] ?? ""}`;
  const env = { ...process.env, PATH: path };
  return exec(file, [...args], { cwd, env, maxBuffer: 64 * 1024 * 1024 });
}
