/** The folder of prepared components, where names and checksums do not tell two components apart. */
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { crc32 } from "node:zlib";
import { DiskCache } from "../../src/hosts/node/cache.ts";
import type { Transpiled } from "../../src/run/transpile.ts";

/** Two texts of the same length with the same CRC-32. */
const [PLUMLESS, BUCKEROO] = ["plumless", "buckeroo"].map((text) => new TextEncoder().encode(text)) as [
  Uint8Array,
  Uint8Array,
];

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), "sluice-cache-"));
  t.after(() => rmSync(path, { recursive: true }));
  return path;
}

function transpiled(word: string): Transpiled {
  return {
    imports: [`test:${word}/words@0.2.0`],
    glue: new TextEncoder().encode(`export const word = "${word}";`),
    cores: new Map([["component.core.wasm", new TextEncoder().encode(word)]]),
  };
}

test("what is stored is loaded, from another instance too", (t) => {
  const path = folder(t);
  const { imports, glue, cores } = transpiled("one");
  const stored = new DiskCache(path).store(PLUMLESS, { imports, glue, cores });
  const loaded = new DiskCache(path).load(PLUMLESS);
  assert.ok(loaded);
  assert.deepEqual(loaded, stored);
  assert.deepEqual(loaded.imports, imports);
  assert.deepEqual(new Map([...loaded.cores].map(([name, core]) => [name, new Uint8Array(core)])), cores);
  assert.deepEqual(readFileSync(loaded.gluePath), Buffer.from(glue));
});

test("a component gets nothing of another one, whatever its checksum is", (t) => {
  assert.equal(crc32(PLUMLESS), crc32(BUCKEROO));
  const cache = new DiskCache(folder(t));
  const plumless = cache.store(PLUMLESS, transpiled("plumless"));
  assert.equal(cache.load(BUCKEROO), undefined);
  const buckeroo = cache.store(BUCKEROO, transpiled("buckeroo"));
  assert.deepEqual(buckeroo?.imports, ["test:buckeroo/words@0.2.0"]);
  // What a process has imported from the one path it does not get from the other.
  assert.notEqual(plumless?.gluePath, buckeroo?.gluePath);
  assert.equal(cache.load(PLUMLESS), undefined);
});

test("one wrong byte anywhere is noticed", (t) => {
  const path = folder(t);
  const cache = new DiskCache(path);
  cache.store(PLUMLESS, transpiled("one"));
  const [entry = "none"] = readdirSync(path);
  for (const name of readdirSync(join(path, entry))) {
    const file = join(path, entry, name);
    const content = readFileSync(file);
    for (let at = 0; at < content.length; at++) {
      const damaged = Buffer.from(content);
      damaged[at] = (content[at] ?? 0) ^ 1;
      writeFileSync(file, damaged);
      assert.equal(cache.load(PLUMLESS), undefined, `${name} at ${at}`);
    }
    writeFileSync(file, content);
  }
  assert.ok(cache.load(PLUMLESS));
});
