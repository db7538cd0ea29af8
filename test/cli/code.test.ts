/** What V8 has compiled of the command, which is kept beside it: ours, or not used. */
import assert from "node:assert/strict";
import {
  chmodSync,
  chownSync,
  cpSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { once } from "node:events";
import { join } from "node:path";
import { spawn, type SpawnOptions } from "node:child_process";
import { test, type TestContext } from "node:test";
import { Script } from "node:vm";
import { until } from "../run/support.ts";
import { ended, folder, guest, NOT_UNIX, ROOT, type Ended } from "./support.ts";

/** A copy of the command, with nothing kept. */
function copy(t: TestContext): string {
  const path = folder(t);
  cpSync(join(ROOT, "bin"), join(path, "bin"), { recursive: true });
  cpSync(join(ROOT, "package.json"), join(path, "package.json"));
  const filter = (source: string): boolean => !source.includes(".code");
  cpSync(join(ROOT, "dist", "cli"), join(path, "dist", "cli"), { recursive: true, filter });
  return path;
}

function hello(path: string, options: SpawnOptions = {}, words: readonly string[] = [guest("hello")]): Promise<Ended> {
  return ended(spawn(process.execPath, [join(path, "bin", "sluice.js"), ...words], options));
}

function kept(path: string): string[] {
  return readdirSync(join(path, "dist", "cli")).filter((name) => name.includes(".code"));
}

test("it is kept after a run, and runs are the same with it", async (t) => {
  const path = copy(t);
  assert.match((await hello(path, {}, ["--version"])).stdout, /^sluice /);
  assert.deepEqual(kept(path), [], "of what has run no component");
  const first = await hello(path);
  assert.equal(kept(path).length, 1);
  assert.deepEqual(await hello(path), first);
  assert.deepEqual([first.code, first.stdout, first.stderr], [0, "hello\n", ""]);
});

test(
  "a server keeps what is its own when it ends, and the next one does not refuse it",
  { skip: NOT_UNIX },
  async (t) => {
    const path = copy(t);
    await hello(path);
    const ofRuns = kept(path);
    const seen = [];
    for (let start = 0; start < 2; start++) {
      const words = [join(path, "bin", "sluice.js"), "serve", "--addr", "0", guest("http-handler")];
      const child = spawn(process.execPath, words, { stdio: ["ignore", "ignore", "pipe"] });
      child.stderr.once("data", () => child.kill("SIGTERM"));
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      assert.equal((await once(child, "close"))[0], 0);
      const own = kept(path).filter((name) => !ofRuns.includes(name));
      assert.ok(own.length > 1, "the script of servers is another one");
      seen.push(own.map((name) => [name, statSync(join(path, "dist", "cli", name)).ino]));
    }
    assert.deepEqual(seen[1], seen[0], "what is refused is made anew");
  },
);

test(
  "a server that has answered keeps it too if it is killed, and the next one does not refuse it",
  { skip: NOT_UNIX },
  async (t) => {
    const path = copy(t);
    const seen = [];
    for (let start = 0; start < 2; start++) {
      const words = [join(path, "bin", "sluice.js"), "serve", "--addr", "0", guest("http-handler")];
      const child = spawn(process.execPath, words, { stdio: ["ignore", "ignore", "pipe"] });
      t.after(() => child.kill("SIGKILL"));
      // oxlint-disable no-await-in-loop -- one after the other
      const [said] = (await once(child.stderr, "data")) as [Buffer];
      const url = /http:\S+/.exec(said.toString())?.[0] ?? assert.fail(said.toString());
      assert.equal(await (await fetch(`${url}hello`, { headers: { connection: "close" } })).text(), "Hello, WASI!");
      // The last of them, which has its name when it is whole.
      await until(() => kept(path).some((name) => /^part-serve.*\.code$/.test(name)));
      // One that refuses them makes them anew when it is let end.
      child.kill(start === 0 ? "SIGKILL" : "SIGTERM");
      await once(child, "close");
      // oxlint-enable no-await-in-loop
      seen.push(kept(path).map((name) => [name, statSync(join(path, "dist", "cli", name)).ino]));
    }
    assert.ok((seen[0]?.length ?? 0) > 1);
    assert.deepEqual(seen[1], seen[0], "what is refused is made anew");
  },
);

test("a component that most others are not loads a script of its own, of which as much is kept", async (t) => {
  const path = copy(t);
  await hello(path);
  const ofAll = kept(path);
  const words = ["run", guest("composed-streams")];
  const without: SpawnOptions = { stdio: ["ignore", "pipe", "pipe"] };
  const first = await hello(path, without, words);
  const more = kept(path).filter((name) => !ofAll.includes(name));
  assert.deepEqual(
    more.map((name) => name.replace(/\.js\..*/, "")),
    ["part-drops", "part-embedding", "part-fused"],
  );
  assert.deepEqual(await hello(path, without, words), first);
});

test("what is damaged, or of another V8, is not used", async (t) => {
  const path = copy(t);
  await hello(path);
  const file = join(path, "dist", "cli", kept(path)[0] ?? "");
  for (const content of [Buffer.from("damaged"), Buffer.alloc(0), readFileSync(file).subarray(0, 5000)]) {
    writeFileSync(file, content);
    const { code, stdout, stderr } = await hello(path);
    assert.deepEqual([code, stdout, stderr], [0, "hello\n", ""]);
  }
});

/** Code that V8 takes for that of the command, and says that it runs. V8 looks at the length of a script alone. */
function poison(path: string): Buffer {
  const script = readFileSync(join(path, "dist", "cli", "sluice.js"), "latin1");
  const other = `(function () { console.log("POISON"); process.exit(66); })`;
  return new Script(other.padEnd(script.length)).createCachedData();
}

/** How somebody else could leave it there. */
const PLANTED: Readonly<Record<string, { readonly skip?: string | false; plant(file: string, code: Buffer): void }>> = {
  "that everybody can write": {
    plant(file, code) {
      writeFileSync(file, code);
      chmodSync(file, 0o666);
    },
  },
  "that its group can write": {
    plant(file, code) {
      writeFileSync(file, code);
      chmodSync(file, 0o664);
    },
  },
  "of another user's": {
    skip: process.getuid?.() !== 0 && "needs to be root",
    plant(file, code) {
      writeFileSync(file, code, { mode: 0o644 });
      chownSync(file, 12345, 12345);
    },
  },
  "that is a link": {
    plant(file, code) {
      writeFileSync(`${file}-of-ours`, code, { mode: 0o644 });
      symlinkSync(`${file}-of-ours`, file);
    },
  },
  "that has another name, too": {
    plant(file, code) {
      writeFileSync(`${file}-of-ours`, code, { mode: 0o644 });
      linkSync(`${file}-of-ours`, file);
    },
  },
  "that is a folder": { plant: (file) => mkdirSync(file) },
};

test("what is kept is trusted: V8 runs it, whatever it is", { skip: NOT_UNIX }, async (t) => {
  const path = copy(t);
  await hello(path);
  const file = join(path, "dist", "cli", kept(path)[0] ?? "");
  writeFileSync(file, poison(path), { mode: 0o644 });
  // So that the tests below show something.
  assert.deepEqual(await hello(path), { code: 66, signal: null, stdout: "POISON\n", stderr: "" });
});

for (const [name, { skip = false, plant }] of Object.entries(PLANTED)) {
  test(`code ${name} is not used`, { skip: NOT_UNIX || skip }, async (t) => {
    const path = copy(t);
    await hello(path);
    const file = join(path, "dist", "cli", kept(path)[0] ?? "");
    rmSync(file);
    plant(file, poison(path));
    const { code, stdout, stderr } = await hello(path);
    assert.deepEqual([code, stdout, stderr], [0, "hello\n", ""]);
  });
}

test("a folder that cannot be written is no error", async (t) => {
  const path = copy(t);
  chmodSync(join(path, "dist", "cli"), 0o555);
  const { code, stdout, stderr } = await hello(path);
  chmodSync(join(path, "dist", "cli"), 0o755);
  assert.deepEqual([code, stdout, stderr], [0, "hello\n", ""]);
});

/** Nothing of what says where a user's files are is of any use. */
const HOMELESS: Readonly<Record<string, Readonly<Record<string, string | undefined>>>> = {
  "an empty home": { HOME: "", XDG_CACHE_HOME: "" },
  "relative ones": { HOME: "home", XDG_CACHE_HOME: "cache" },
  "ones that are not there": { HOME: "/nonexistent/home", XDG_CACHE_HOME: "/nonexistent/cache" },
  "none, nor anything else": {},
};

for (const [name, env] of Object.entries(HOMELESS)) {
  test(`a user with ${name} runs, and nothing is left in the folder that it runs in`, async (t) => {
    const path = copy(t);
    const cwd = folder(t);
    const { code, stdout, stderr } = await hello(path, { cwd, env });
    assert.deepEqual([code, stdout, stderr], [0, "hello\n", ""]);
    assert.deepEqual(readdirSync(cwd), []);
  });
}
