/** All checks in workerd, which compiles nothing: each guest is built ahead. */
import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { nodePlatform } from "../../src/hosts/node/platform.ts";
import { prepare } from "../../src/run/prepare.ts";
import { claims } from "../guests/claims.ts";
import { filesystemClaims } from "../guests/claims/files.ts";
import { checks } from "./checks.ts";
import { expectedFailures, judge } from "./expected.ts";
import { NO_WORKERD, startWorker, type Worker } from "./workerd.ts";

/** Ends what hangs; nothing is measured by it. */
const HUNG_MS = 300_000;

const guests = new URL("../guests/", import.meta.url);

/** Writes main.js, and what it imports: modules that are the same for several guests once. */
async function writeWorker(folder: string): Promise<void> {
  const imports = new Map<string, string>();
  const brought: string[] = [];
  const names = new Set([...claims, ...filesystemClaims].map(({ name }) => `built/${name}.wasm`));
  for (const path of names) {
    // oxlint-disable-next-line no-await-in-loop -- what is made meanwhile is taken for its own
    const { modules } = await prepare(nodePlatform, await readFile(new URL(path, guests)));
    const variables = modules.map(({ bytes }) => {
      const digest = createHash("sha256").update(bytes).digest("hex").slice(0, 16);
      const isNew = !imports.has(digest);
      imports.set(digest, `import m${digest} from "./${digest}.wasm";`);
      return { digest, bytes, isNew };
    });
    // oxlint-disable-next-line no-await-in-loop -- a few small files
    for (const { digest, bytes, isNew } of variables) if (isNew) await writeFile(join(folder, `${digest}.wasm`), bytes);
    brought.push(`${JSON.stringify(path)}: [${variables.map(({ digest }) => `m${digest}`).join()}]`);
  }
  const texts: string[] = [];
  for (const { stdout } of filesystemClaims) {
    if (typeof stdout !== "object") continue;
    const path = `src/claims/${stdout.file}`;
    // oxlint-disable-next-line no-await-in-loop -- a few small files
    texts.push(`${JSON.stringify(path)}: ${JSON.stringify(await readFile(new URL(path, guests), "utf8"))}`);
  }
  const contents = `${[...imports.values()].join("\n")}
import { workerOf } from ${JSON.stringify(fileURLToPath(new URL("worker.ts", import.meta.url)))};
export default workerOf({ guests: { ${brought.join()} }, texts: { ${texts.join()} } });
`;
  await build({
    stdin: { contents, resolveDir: folder, sourcefile: "entry.js" },
    ...{ bundle: true, format: "esm", target: "es2023", external: ["*.wasm"], logLevel: "error" },
    outfile: join(folder, "main.js"),
  });
}

describe("workerd", { skip: NO_WORKERD }, () => {
  let folder: string;
  let worker: Worker;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "sluice-worker-"));
    await writeWorker(folder);
    worker = await startWorker(folder);
  });

  after(async () => {
    await worker?.stop();
    await rm(folder, { recursive: true });
  });

  for (const [index, { title }] of checks.entries()) {
    test(title, { timeout: HUNG_MS }, async () => {
      const response = await fetch(`${worker.origin}/${index}`);
      const failure = await response.text();
      judge("workerd", title, response.ok ? failure || undefined : `${response.status}: ${failure}`);
    });
  }

  test("what is listed as failing is a check", () => {
    const titles = new Set(checks.map(({ title }) => title));
    assert.deepEqual(
      Object.keys(expectedFailures["workerd"] ?? {}).filter((title) => !titles.has(title)),
      [],
    );
  });
});
