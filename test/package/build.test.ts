/** `sluice build`: what it makes of components runs where nothing is compiled, and anywhere else. */
import assert from "node:assert/strict";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { build } from "esbuild";
import { NO_WORKERD, startWorker, type Worker } from "../everywhere/workerd.ts";
import { Project, root } from "./support.ts";

/** What each is given, and what it writes. Instances wait, call each other, are of preview 1, and have functions of ours. */
const GUESTS: Readonly<Record<string, readonly [options: string, output: string]>> = {
  hello: ["{}", "0 hello\n"],
  "timer-not-early": ["{}", "0 "],
  "cat-files": [
    '{ args: ["cat-files", "/a.txt"], preopens: { "/": MemoryFiles.from({ "a.txt": "a note\\n" }).root() } }',
    "0 a note\n",
  ],
  "composed-streams": ['{ stdin: { text: "one\\ntwo\\n" } }', "0 ONE\nTWO\n"],
  // Of WASI 0.3.
  "p3-cat": ['{ args: ["p3-cat"], stdin: { text: "one two\\n" } }', "0 one two\n"],
  wc: ['{ stdin: { text: "one two\\nthree\\n" } }', "0 2 3 14\n"],
};

const PLAY = `import { MemoryFiles } from "sluice";
const play = async (run, options) => {
  let output = "";
  const decoder = new TextDecoder();
  const stdout = (chunk) => void (output += decoder.decode(chunk, { stream: true }));
  const { exitCode } = await run({ ...options, stdout });
  return exitCode + " " + output;
};
export const playAll = async () => ({
${Object.entries(GUESTS)
  .map(([name, [options]], index) => `  ${JSON.stringify(name)}: await play(guest${index}, ${options}),\n`)
  .join("")}});
export const scale = async (x) => {
  const later = (value) => new Promise((resolve) => void setTimeout(resolve, 1, value * 10));
  const { exports, close } = await scaling({ imports: { "docs:demo/host": { scale: later } } });
  const result = await exports.scaleTwice(x);
  await close();
  return result;
};
`;

const EXPECTED = Object.fromEntries(Object.entries(GUESTS).map(([name, [, output]]) => [name, output]));

let project: Project;

/** What imports all guests by one of the two modules that were built of each. */
function playing(module: "index" | "worker"): string {
  const imports = Object.keys(GUESTS).map(
    (name, index) => `import { run as guest${index} } from "./${name}/${module}.js";`,
  );
  return [...imports, `import { instantiate as scaling } from "./scale/${module}.js";`, PLAY].join("\n");
}

before(async () => {
  project = await Project.create();
  const sluice = join(project.folder, "node_modules", ".bin", "sluice");
  for (const name of [...Object.keys(GUESTS), "scale", "http-handler"]) {
    const guest = join(root, "test", "guests", "built", `${name === "wc" ? "p1/wc" : name}.wasm`);
    // oxlint-disable-next-line no-await-in-loop -- one core is enough
    await project.run(sluice, ["build", guest, "-o", name]);
  }
});

after(() => project.remove());

/** Starts it from a bundle such as wrangler makes. */
async function bundledWorker(entry: string): Promise<Worker> {
  const outdir = join(project.folder, `${entry}-bundled`);
  await mkdir(outdir);
  await build({
    absWorkingDir: project.folder,
    entryPoints: { main: entry },
    outdir,
    bundle: true,
    format: "esm",
    target: "es2023",
    conditions: ["workerd", "worker", "browser"],
    loader: { ".wasm": "copy" },
    logLevel: "error",
  });
  return startWorker(outdir);
}

describe("what is built runs", () => {
  test("in Node", async () => {
    await project.write(
      "node.mjs",
      `${playing("index")}\nconsole.log(JSON.stringify([await playAll(), await scale(70)]));`,
    );
    const { stdout } = await project.run(process.execPath, ["node.mjs"]);
    assert.deepEqual(JSON.parse(stdout), [EXPECTED, 7000]);
  });

  for (const [name, ...args] of [
    ["bun", "run"],
    ["deno", "run", "--allow-read", "--no-prompt"],
  ] as const) {
    test(`in ${name}`, async () => {
      await project.write(
        "other.mjs",
        `${playing("index")}\nconsole.log(JSON.stringify([await playAll(), await scale(70)]));`,
      );
      const { stdout } = await project.run(join(root, "node_modules", ".bin", name), [...args, "other.mjs"]);
      assert.deepEqual(JSON.parse(stdout), [EXPECTED, 7000]);
    });
  }
});

test("its types serve a program", async () => {
  for (const name of ["@types/node", "undici-types"]) await project.borrow(name);
  await project.write(
    "use.ts",
    `import { run, type component } from "./hello/index.js";
    import handler, { serve } from "./http-handler/worker.js";
    const { exitCode } = await run({ args: ["hello"] });
    const made: typeof component | undefined = undefined;
    const answers: Promise<Response>[] = [handler.fetch(new Request("http://a/")), (await serve()).fetch(new Request("http://a/"))];
    // @ts-expect-error -- no such option
    await run({ arguments: exitCode, made, answers });`,
  );
  const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
  const options = ["--noEmit", "--strict", "--module", "nodenext", "--target", "es2024", "--types", "node"];
  await project.run(process.execPath, [tsc, ...options, "use.ts"]);
});

test("what is built has no bytes for a thread of its own, and says so", async () => {
  await project.write(
    "isolated.mjs",
    `import { component } from "./hello/index.js";
    import { precompiled, run } from "sluice";
    const given = [[], [5], undefined];
    for (const attempt of [() => run(component, { isolate: "thread" }), ...given.map((modules) => () => precompiled(modules))]) {
      await attempt().catch((error) => console.log(error.name + ": " + error.message));
    }`,
  );
  const { stdout } = await project.run(process.execPath, ["isolated.mjs"]);
  assert.deepEqual(stdout.trimEnd().split("\n"), [
    "TypeError: isolate takes bytes, or what `compile` gave: got a component that was compiled before",
    "InvalidComponentError: These modules are not all that `sluice build` made of a component",
    "TypeError: Expected modules of WebAssembly, got 5",
    "TypeError: Expected modules of WebAssembly, got undefined",
  ]);
});

describe("in workerd, which compiles nothing", { skip: NO_WORKERD }, () => {
  let worker: Worker;

  before(async () => {
    const hello = await readFile(join(root, "test", "guests", "built", "hello.wasm"), "base64");
    await project.write(
      "main.js",
      `${playing("worker")}
      import { compile } from "sluice";
      import handler from "./http-handler/worker.js";
      const mistake = async () => {
        const error = await compile(Uint8Array.from(atob(${JSON.stringify(hello)}), (char) => char.charCodeAt(0))).then(() => {}, (e) => e);
        return error.name + ": " + error.message;
      };
      export default {
        async fetch(request) {
          switch (new URL(request.url).pathname) {
            case "/play": return Response.json(await playAll());
            case "/scale": return Response.json(await scale(70));
            case "/mistake": return Response.json(await mistake());
            default: return handler.fetch(request);
          }
        },
      };`,
    );
    worker = await bundledWorker("main.js");
  });

  after(() => worker?.stop());

  const asked = async (path: string): Promise<unknown> => (await fetch(worker.origin + path)).json();

  test("guests run, for several requests at a time", async () => {
    const all = await Promise.all(Array.from({ length: 5 }, () => asked("/play")));
    assert.deepEqual(
      all,
      Array.from(all, () => EXPECTED),
    );
  });

  test("a guest has functions of the worker's", async () => {
    assert.equal(await asked("/scale"), 7000);
  });

  test("a guest answers requests, many at a time", async () => {
    const bodies = await Promise.all(
      Array.from({ length: 20 }, async (_, index) => {
        const response = await fetch(`${worker.origin}/echo`, { method: "POST", body: `body ${index}` });
        return response.text();
      }),
    );
    assert.deepEqual(
      bodies,
      bodies.map((_, index) => `body ${index}`),
    );
  });

  test("what is not built says what to do", async () => {
    assert.match(String(await asked("/mistake")), /^UnsupportedRuntimeError: .*`sluice build`/);
  });

  test("the example of a worker answers as it says", async () => {
    const guest = join(root, "test", "guests", "built", "wc.wasm");
    const sluice = join(project.folder, "node_modules", ".bin", "sluice");
    await project.run(sluice, ["build", guest, "-o", "built/wc"]);
    await project.write("example.js", await readFile(join(root, "examples", "worker.js"), "utf8"));
    // What nobody has begun to read of a request is read to its end when there is a response, as wrangler's server does.
    await project.write(
      "drained.js",
      `import example from "./example.js";
      export default {
        async fetch(request) {
          const response = await example.fetch(request);
          if (request.body !== null && !request.bodyUsed && !request.body.locked) {
            const reader = request.body.getReader();
            while (!(await reader.read()).done);
          }
          return response;
        },
      };`,
    );
    const example = await bundledWorker("drained.js");
    try {
      const response = await fetch(example.origin, { method: "POST", body: "one two three\nfour five\n" });
      assert.equal(await response.text(), "2 5 24\n");
    } finally {
      await example.stop();
    }
  });
});
