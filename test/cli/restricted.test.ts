/** The command on a Node that may do less, or has less: it works, or says in our words what it lacks. */
import assert from "node:assert/strict";
import { copyFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { folder, guest, NOT_UNIX, ROOT, shell, sluice } from "./support.ts";

const READ = ["--permission", "--allow-fs-read=*"];
/** What V8 compiled under other flags is of no use: the command would keep what it compiles now. */
const COMPILED_ANEW = "--stack-size=990";

interface Row {
  readonly node: readonly string[];
  readonly args: readonly string[];
  readonly code: number;
  readonly stdout?: string;
  readonly stderr?: RegExp;
}

const HELLO: Row = { node: [], args: [guest("hello")], code: 0, stdout: "hello\n" };

const ROWS: readonly Row[] = [
  { ...HELLO, node: ["--disallow-code-generation-from-strings"] },
  { ...HELLO, node: ["--no-addons"] },
  { ...HELLO, node: ["--max-old-space-size=40"] },
  { ...HELLO, node: ["--frozen-intrinsics", "--no-warnings"] },
  { ...HELLO, node: READ },
  { ...HELLO, node: [...READ, COMPILED_ANEW] },
  {
    ...HELLO,
    node: ["--jitless"],
    code: 1,
    stdout: "",
    stderr: /^sluice: this Node has no WebAssembly: start it without --jitless, then try again\n$/,
  },
  {
    ...HELLO,
    node: ["--permission"],
    code: 1,
    stdout: "",
    stderr: /^sluice: Node may not read \S+: Access to this API has been restricted\. Use --allow-fs-read .*\n$/,
  },
  {
    node: ["--permission", `--allow-fs-read=${ROOT}`],
    args: ["/none/app.wasm"],
    code: 1,
    stderr: /^sluice: \/none\/app\.wasm: The file cannot be read: .* Use --allow-fs-read .*\n$/,
  },
  {
    node: READ,
    args: ["--timeout", "30s", guest("hello")],
    code: 1,
    stderr: /^sluice: Node may not do that: .* Use --allow-worker .*\n$/,
  },
  {
    node: READ,
    args: ["serve", "--addr", "127.0.0.1:0", guest("http-handler")],
    code: 1,
    stderr: /^sluice: Node may not do that: .* Use --allow-net .*\n$/,
  },
  {
    node: READ,
    args: ["--net", "--trace", guest("tcp-exchange")],
    code: 1,
    stderr: /start-bind\(.*\) ! "access-denied"\n/,
  },
  {
    node: READ,
    args: ["--dir", ROOT, guest("cp"), join(ROOT, "package.json"), join(ROOT, "package.json.copy")],
    code: 1,
    stderr: /Permission denied/,
  },
];

describe("a Node that is restricted", { concurrency: 2 }, () => {
  for (const { node, args, code, stdout = "", stderr = /^$/ } of ROWS) {
    test(`${node.join(" ").replaceAll(ROOT, "")}: ${args.join(" ").replaceAll(ROOT, "")}`, async () => {
      const ended = await sluice(args, { node });
      assert.match(ended.stderr, stderr);
      assert.deepEqual([ended.code, ended.stdout], [code, stdout]);
    });
  }

  for (const [what, prepare] of [
    ["an empty file", (path: string) => writeFileSync(path, "")],
    ["no file", () => {}],
    ["what answers no requests", (path: string) => copyFileSync(guest("hello"), path)],
  ] as const) {
    test(`--workers that cannot begin say so once, and all ends: ${what}`, async (t) => {
      const path = join(folder(t), "app.wasm");
      prepare(path);
      const ended = await sluice(["serve", "--addr", "127.0.0.1:0", "--workers", "3", path]);
      assert.equal(ended.code, 1);
      assert.match(ended.stderr, /^sluice: \S+app\.wasm: [^\n]*\n$/);
    });
  }

  test(
    "a folder that is removed under the command is told of where it is needed, and nowhere else",
    { skip: NOT_UNIX },
    async (t) => {
      const cwd = folder(t);
      const gone = `mkdir gone; cd gone; rmdir ../gone`;
      const hello = await shell(`${gone}; sluice "$G/hello.wasm"`, { cwd });
      assert.deepEqual([hello.code, hello.stdout, hello.stderr], [0, "hello\n", ""]);
      // Linux opens it all the same, and the guest is told that nothing is in it any more.
      const listed = await shell(`${gone}; sluice --dir . "$G/ls.wasm" ls /`, { cwd });
      assert.equal(listed.code, 1);
      assert.match(listed.stderr, /^(ls|sluice): [^\n]*no such file[^\n]*\n$/i);
      for (const args of ["--timeout 30s $G/hello.wasm", "build $G/hello.wasm -o out", "none.wasm"]) {
        // oxlint-disable-next-line no-await-in-loop -- one after the other, in a folder of one name
        const { code, stderr } = await shell(`${gone}; sluice ${args}`, { cwd });
        assert.equal(code, 1);
        assert.match(stderr, /^sluice: [^\n]*no such file[^\n]*\n$/i);
      }
      rmdirSync(cwd);
    },
  );
});
