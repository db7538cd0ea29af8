// Finds a nats-server for the tests of sluice/nats, or gets one: the newest where Go is there, otherwise Debian's, whose 2.9 is
// all that jobs and stages need. Prints its path, or says why there is none. Those tests are skipped then.
import { execFileSync } from "node:child_process";
import { accessSync, constants, copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const MODULE = "github.com/nats-io/nats-server/v2@v2.15.2";
/** Beside the other things that npm has installed, so that a cache of those keeps it. */
const installed = join(dirname(fileURLToPath(import.meta.url)), "..", "node_modules", ".cache", "nats-server");

/** The path of a nats-server: what NATS_SERVER says, what was installed here, or the machine's own. */
export function findNatsServer(): string | undefined {
  const folders = [installed, ...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/usr/local/bin"];
  const given = process.env["NATS_SERVER"];
  return [given, ...folders.map((folder) => join(folder, "nats-server"))].find(
    (path) => path !== undefined && path !== "" && isExecutable(path),
  );
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function findGo(): string | undefined {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/local/go/bin"];
  return folders.map((folder) => join(folder, "go")).find(isExecutable);
}

function installWithGo(go: string): void {
  mkdirSync(installed, { recursive: true });
  execFileSync(go, ["install", MODULE], { env: { ...process.env, GOBIN: installed }, stdio: ["ignore", 2, 2] });
}

/** Unpacks Debian's package without installing it, for which one would have to be root. */
function unpackDebians(): void {
  const folder = mkdtempSync(join(tmpdir(), "sluice-nats-server-"));
  try {
    execFileSync("apt-get", ["download", "nats-server"], { cwd: folder, stdio: ["ignore", 2, 2] });
    const file = readdirSync(folder).find((name) => name.endsWith(".deb")) ?? "";
    execFileSync("dpkg", ["-x", file, "."], { cwd: folder, stdio: ["ignore", 2, 2] });
    mkdirSync(installed, { recursive: true });
    copyFileSync(join(folder, "usr", "sbin", "nats-server"), join(installed, "nats-server"));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const go = findGo();
  let why = "";
  try {
    if (findNatsServer() === undefined) {
      if (go === undefined) unpackDebians();
      else installWithGo(go);
    }
  } catch (error) {
    why = error instanceof Error ? error.message : String(error);
  }
  console.log(findNatsServer() ?? `no nats-server: ${why}; tests that need one are skipped`);
}
