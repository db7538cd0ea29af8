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

  test("says of each page in a line what it is about, for who searches", () => {
    const described = [...pages].map(([page, text]) => [
      page,
      /<meta name="description" content="([^"]+)"/.exec(text)?.[1],
    ]);
    for (const [page, words = ""] of described)
      assert.ok(words.length > 20 && words.length <= 200, `${page}: ${words}`);
    assert.equal(new Set(described.map(([, words]) => words)).size, described.length);
  });

  test("has charts that can be looked at by themselves", () => {
    assert.match(pages.get("benchmarks.html") ?? "", /<a class="chart" href="images\/calls\.svg"><img /);
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

  test("has no link that leads nowhere on the playground's page, and none on that of a lost visitor, wherever they are", async () => {
    const files = new Set((await readdir(folder, { recursive: true })).map((name) => name.replaceAll("\\", "/")));
    for (const [page, address] of [
      ["index.html", "/index.html"],
      ["404.html", "/docs/gone/away.html"],
    ] as const) {
      const text = await readFile(join(folder, page), "utf8");
      const targets = [...text.matchAll(/ (?:href|src)="([^"]+)"/g)].map(([, target = ""]) => target);
      assert.ok(targets.length > 3, page);
      const broken = targets.filter((target) => {
        const { origin, pathname } = new URL(target, `http://site${address}`);
        return origin === "http://site" && !files.has(pathname.slice(1));
      });
      assert.deepEqual(broken, [], page);
    }
  });

  test("leads from each page to the one before it and the one after it, through all of them", () => {
    const linked = (page: string, rel: string): string | undefined =>
      new RegExp(`rel="${rel}" href="([^"]+)"`).exec(pages.get(page) ?? "")?.[1];
    const seen: string[] = [];
    for (let page: string | undefined = "index.html"; page !== undefined; page = linked(page, "next")) {
      assert.ok(!seen.includes(page), page);
      assert.equal(linked(page, "prev"), seen.at(-1));
      seen.push(page);
    }
    assert.deepEqual(seen.toSorted(), [...pages.keys()].toSorted());
  });

  function leads(page: string, target: string, files: ReadonlySet<string>): boolean {
    const { pathname, hash } = new URL(target, `http://site/docs/${page}`);
    if (!files.has(pathname.slice(1))) return false;
    return hash === "" || (pages.get(pathname.slice(6)) ?? "").includes(` id="${decodeURIComponent(hash.slice(1))}"`);
  }
});
