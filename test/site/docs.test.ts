/** The documentation as pages: every link of theirs leads somewhere. */
import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { buildSite } from "./served.ts";

describe("the documentation as a site", () => {
  let folder: string;
  const pages = new Map<string, string>();

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "sluice-docs-site-"));
    await buildSite(folder);
    for (const name of await readdir(join(folder, "docs"))) {
      if (name.endsWith(".html")) pages.set(name, await readFile(join(folder, "docs", name), "utf8"));
    }
  });

  after(() => rm(folder, { recursive: true, force: true }));

  test("has a page for each document", () => {
    for (const name of ["index.html", "embedding.html", "contract.html", "benchmarks.html", "changelog.html"]) {
      assert.ok(pages.has(name), name);
    }
  });

  test("has no link that leads nowhere, and no image that is not there", async () => {
    const files = new Set((await readdir(folder, { recursive: true })).map((name) => name.replaceAll("\\", "/")));
    const broken = [...pages].flatMap(([page, text]) =>
      [...text.matchAll(/ (?:href|src)="([^"]+)"/g)]
        .map(([, target = ""]) => target)
        .filter((target) => !/^[a-z]+:/i.test(target) && !leads(page, target, files))
        .map((target) => `${page}: ${target}`),
    );
    assert.deepEqual(broken, []);
  });

  function leads(page: string, target: string, files: ReadonlySet<string>): boolean {
    const { pathname, hash } = new URL(target, `http://site/docs/${page}`);
    if (!files.has(pathname.slice(1))) return false;
    return hash === "" || (pages.get(pathname.slice(6)) ?? "").includes(` id="${decodeURIComponent(hash.slice(1))}"`);
  }
});
