/** What is given to one guest after the other, or to several at a time. */
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readlinkSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { after, test } from "node:test";
import {
  BytesSource,
  CollectSink,
  MemoryFiles,
  MemoryNetwork,
  nodeDirectory,
  run,
  serve,
  type OpenDirectory,
  type Options,
} from "../../src/index.ts";
import { compiled, guest } from "./support.ts";

const folder = mkdtempSync(join(tmpdir(), "sluice-twice-"));
writeFileSync(join(folder, "note.txt"), "a note");
after(() => rmSync(folder, { recursive: true }));

async function noteIn(directory: OpenDirectory, more: Options = {}): Promise<string> {
  const stdout = new CollectSink();
  const preopens = { "/": directory };
  await run(await compiled("cat-files"), { args: ["cat-files", "/note.txt"], preopens, stdout, ...more });
  return stdout.text();
}

/** Proxied, as an embedder's own is that looks at what is asked of another. */
function counting(directory: OpenDirectory): { readonly directory: OpenDirectory; readonly closed: () => number } {
  let closed = 0;
  const counted = new Proxy(directory, {
    get(target, name): unknown {
      if (name === "close") return () => void closed++;
      const value: unknown = Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  return { directory: counted, closed: () => closed };
}

/** As a class of an embedder's does. */
function passing(inner: OpenDirectory): OpenDirectory {
  const names = ["stat", "openSelf", "statAt", "openAt", "openDirectoryAt", "readLinkAt", "close"] as const;
  const passed = Object.fromEntries(
    names.map((name) => [name, (...args: readonly unknown[]) => Reflect.apply(inner[name], inner, args)]),
  );
  // As much of one as the guest uses.
  return { kind: "directory", ...passed } as unknown as OpenDirectory;
}

const memory = (later: boolean): OpenDirectory => MemoryFiles.from({ "note.txt": "a note" }, { later }).root();

const ROOTS: Readonly<Record<string, () => OpenDirectory>> = {
  "files in memory": () => memory(false),
  "files in memory that answer later": () => memory(true),
  "a directory of Node's": () => nodeDirectory(folder, { blocking: false }),
  "a directory of Node's that blocks": () => nodeDirectory(folder, { blocking: true }),
  "a directory of an embedder's own": () => counting(memory(false)).directory,
  "one that passes all on to one of Node's": () => passing(nodeDirectory(folder, { blocking: true })),
};

for (const [name, make] of Object.entries(ROOTS)) {
  for (const options of [{}, { isolate: "thread" }] as const) {
    test(`${name} serves one guest after the other, and several at a time: ${JSON.stringify(options)}`, async () => {
      const root = make();
      for (let round = 0; round < 3; round++) {
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        assert.equal(await noteIn(root, options), "a note");
      }
      const together = await Promise.all([1, 2, 3].map(() => noteIn(root, options)));
      assert.deepEqual(together, ["a note", "a note", "a note"]);
    });
  }
}

test("a root serves all instances of a server, and of two with the same options", async () => {
  const errors: unknown[] = [];
  const preopens = { "/": memory(false), "/node": nodeDirectory(folder, { blocking: true }) };
  const network = { tcp: true, on: new MemoryNetwork() };
  const http = { send: () => Promise.reject(new Error("nobody")) };
  const options = { preopens, network, http, onError: (error: unknown) => void errors.push(error) };
  const component = await guest("http-handler");
  for (let round = 0; round < 2; round++) {
    // oxlint-disable no-await-in-loop -- one after the other
    const server = await serve(component, options);
    for (let request = 0; request < 3; request++) {
      const response = await server.fetch(new Request("http://localhost/hello"));
      assert.equal(response.status, 200);
      await response.text();
    }
    await server.close();
    // oxlint-enable no-await-in-loop
  }
  assert.deepEqual(errors, []);
});

test("a root in memory holds nothing: only what guests open counts", async () => {
  const files = MemoryFiles.from({ "note.txt": "a note" });
  const root = files.root();
  assert.equal(files.openCount, 0);
  await noteIn(root);
  assert.equal(files.openCount, 0);
  root.close();
  assert.equal(await noteIn(root), "a note");
});

test("a directory of Node's is open while somebody has it, and no longer", { skip: !hasFds() }, async () => {
  const isOpen = (): boolean => fds().includes(folder);
  const root = nodeDirectory(folder, { blocking: false });
  assert.ok(isOpen());
  await noteIn(root);
  assert.ok(!isOpen(), "after the first");
  await Promise.all([noteIn(root), noteIn(root)]);
  assert.ok(!isOpen(), "after all");
  await root.stat();
  assert.ok(isOpen(), "once it is used again");
  root.close();
  assert.ok(!isOpen(), "in the end");
});

test("a directory of Node's that is not there any more is told of before the guest begins", async () => {
  const [here, there] = [join(folder, "here"), join(folder, "there")];
  writeFileSync(here, "");
  rmSync(here);
  const path = mkdtempSync(here);
  const root = nodeDirectory(path, { blocking: true });
  root.close();
  renameSync(path, there);
  await assert.rejects(noteIn(root), { name: "PreopenError", message: /^preopens\["\/"\]: ENOENT/ });
});

test("a directory of an embedder's own is closed with the last guest that has it", async () => {
  const { directory, closed } = counting(memory(false));
  let go = (): void => {};
  const held = new Promise<string>((resolve) => (go = () => resolve("")));
  let isFirst = true;
  const waiting = run(await compiled("cat"), {
    stdin: () => {
      if (!isFirst) return null;
      isFirst = false;
      return held;
    },
    preopens: { "/": directory },
  });
  assert.equal(await noteIn(directory), "a note");
  assert.equal(closed(), 0);
  go();
  await waiting;
  assert.equal(closed(), 1);
});

for (const [name, open] of Object.entries({
  "in memory": () => MemoryFiles.from({ "d/note.txt": "a note" }).root().openDirectoryAt("d"),
  "of Node's": () => {
    const above = nodeDirectory(join(folder, ".."), { blocking: true });
    const opened = above.openDirectoryAt(folder.slice(folder.lastIndexOf("/") + 1));
    above.close();
    return opened;
  },
})) {
  test(`a directory ${name} that was opened in another, and closed with its guest, is refused`, async () => {
    const directory = await open();
    assert.equal(await noteIn(directory), "a note");
    await assert.rejects(noteIn(directory), {
      name: "PreopenError",
      message: /^preopens\["\/"\]: expected a directory that is open, got one that was closed, .*: open it anew/,
    });
  });
}

test("an output of Node's that was ended with its guest is refused, and not written to in vain", async () => {
  const stdout = new PassThrough();
  stdout.resume();
  const stdin = new BytesSource(new TextEncoder().encode("text"));
  await run(await compiled("cat"), { stdin, stdout });
  const message = /^stdout must be a stream that is not ended.*give a function/;
  for (const options of [{}, { isolate: "thread" }] as const) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await assert.rejects(run(await compiled("cat"), { stdout, ...options }), { name: "TypeError", message });
  }
  await assert.rejects(serve(await guest("http-handler"), { stdout }), { name: "TypeError", message });
});

test("an input that a guest has read is at its end for the next", async () => {
  const bytes = new TextEncoder().encode("text");
  for (const stdin of [new BytesSource(bytes), Readable.from([bytes]), [bytes].values()]) {
    const texts: string[] = [];
    for (let round = 0; round < 2; round++) {
      const stdout = new CollectSink();
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await run(await compiled("cat"), { stdin, stdout });
      texts.push(stdout.text());
    }
    assert.deepEqual(texts, ["text", ""]);
  }
});

/** What this process has open; nothing where that cannot be known. */
function fds(): string[] {
  return readdirSync("/proc/self/fd").flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/self/fd/${fd}`)];
    } catch {
      // The one that listed them.
      return [];
    }
  });
}

function hasFds(): boolean {
  return process.platform === "linux";
}
