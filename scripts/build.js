// Builds dist/: declarations by tsc, which checks all of it, and JavaScript by esbuild. What is loaded as one module takes a
// third of what its hundred sources would: Node spends a quarter of a millisecond on each.
import { execFileSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { rolldown } from "rolldown";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");

/** What package.json exports. Modules that several of them need are in dist/shared, once. */
const ENTRIES = [
  "hosts/node/isolate/worker",
  "index",
  "inspect",
  "map/cli",
  "map/clocks",
  "map/filesystem",
  "map/http",
  "map/io",
  "map/random",
  "map/sockets",
  "nats/index",
  "testing/index",
];

/** What a page loads together, by what needs it: first come, first served. */
const PIECES = {
  io: 'export { BytesSource, PendingSink, PullSource, PushSink } from "./src/api.ts";',
  // A page may have this without the pipe that others load later.
  queue: 'export * from "./src/io/byte-queue.ts";',
  pipe: 'export { CollectSink, Pipe } from "./src/api.ts";',
  core: 'export { compile, instantiate, precompiled, run, serve } from "./src/browser.ts"; export { assertShape } from "./src/io/assert-shape.ts";',
  streams: 'export * from "./src/hosts/web/streams.ts";',
  memory: 'export { MemoryFiles } from "./src/api.ts";',
  missing: 'export { MissingImportsError } from "./src/api.ts";',
  network: 'export { MemoryNetwork } from "./src/api.ts";',
  api: 'export * from "./src/browser.ts";',
  checks: 'export * from "./src/run/type-checks.ts";',
  load: 'export * from "./src/run/compile.ts";',
};
/** What Chromium compiles while it loads, and not when each of its functions is first called: all that a first run takes. */
const EAGER = new Set(["core", "load", "common", "checks"]);
/** What says so, in the first line of a module. */
const EAGER_LINE = "//# allFunctionsCalledOnLoad\n";
/** What is loaded for some components, also for those that are built ahead: these do without the piece "load". */
const PARTS = [
  "bind/callee",
  "load/async/link",
  "load/link/drops",
  "load/link/fused",
  "run/embed/async-calls",
  "run/core-module",
  "run/embed/embedding",
  "run/embed/js-streams",
];

/** What scripts the command has, by what is in them: first come, first served. What is in none of them is by itself. */
const SCRIPTS = {
  // With what small ones several others share: none of these loads another for it.
  sluice: ["src/cli/main.ts", "src/cli/run.ts", "src/abi/mapped.ts", "src/io/deferred.ts", "src/io/unheard.ts"],
  embedding: ["src/run/embed/embedding.ts"],
  network: ["src/bind/sockets/interfaces.ts", "src/run/network.ts", "src/hosts/node/net/ports.ts"],
  asyncs: [
    "src/bind/callee.ts",
    "src/bind/p3/interfaces.ts",
    "src/load/async/link.ts",
    "src/run/embed/async-calls.ts",
    "src/run/embed/js-streams.ts",
  ],
  // What a component imports, and what messages have in common, whoever sends them.
  http: ["src/bind/http/interfaces.ts", "src/hosts/node/http/h2.ts"],
  serve: ["src/cli/serve.ts", "src/run/serve/incoming-handlers.ts", "src/load/renew/visible-state.ts"],
  client: ["src/run/http.ts", "src/hosts/node/http/client.ts"],
  handlers: ["src/run/serve/handlers.ts"],
  nats: ["src/cli/nats/main.ts"],
};

/** @type {import("esbuild").BuildOptions} */
const COMMON = {
  absWorkingDir: root,
  bundle: true,
  platform: "node",
  // As in tsconfig.base.json.
  target: "es2023",
  charset: "ascii",
  legalComments: "none",
  logLevel: "warning",
};

// Nothing stays whose source is gone: all of dist/ is published.
rmSync(join(root, "dist"), { recursive: true, force: true });
execFileSync(process.execPath, [join(root, "node_modules", "typescript", "bin", "tsc"), "-b", "tsconfig.node.json"], {
  cwd: root,
  stdio: "inherit",
});
/** @type {import("esbuild").BuildOptions} */
const LIBRARY = {
  ...COMMON,
  outdir: "dist",
  outbase: "src",
  format: "esm",
  splitting: true,
  chunkNames: "shared/[name]-[hash]",
  // V8 reads all that is imported, and would read a quarter more. Names stay as they are: traces have them.
  minifyWhitespace: true,
  // Node shows the line that an error nobody caught comes from: all of a file, if that were one.
  lineLimit: 120,
  // From a module in dist/shared: see src/hosts/node/isolate/threads.ts.
  define: { BUILT_WORKER: '"../hosts/node/isolate/worker.js"' },
};
await build({
  ...LIBRARY,
  entryPoints: ENTRIES.map((name) => `src/${name}.ts`),
  // With what all but commands need: to load that later would take Node longer than to load more at once.
  plugins: [
    inOnePiece(
      (await loadedAtOnce("src/index.ts", "src/run/embed/embedding.ts")).filter((path) => path !== "src/index.ts"),
    ),
  ],
  // Those that `inOnePiece` adds.
  logOverride: { "ignored-bare-import": "silent" },
});
await buildForPages();
// Of pages that cannot suspend WebAssembly: one module, since it can import nothing while it is blocked, and without promises of
// the engine's (see src/hosts/web/isolate/promises.ts).
await build({
  ...LIBRARY,
  entryPoints: ["src/hosts/web/isolate/worker.ts"],
  outdir: undefined,
  outfile: "dist/shared/web-worker.js",
  splitting: false,
  platform: "browser",
  minify: true,
  supported: { "async-await": false, "async-generator": false, "for-await": false },
});
await buildCommand();

/** These modules, and all that importing them loads, without those that they import later. */
async function loadedAtOnce(...entries) {
  const { metafile } = await build({ ...LIBRARY, entryPoints: entries, write: false, metafile: true });
  const { inputs } = metafile;
  const reached = new Set(entries);
  for (const path of reached) {
    for (const { kind, path: next } of inputs[path]?.imports ?? []) if (kind === "import-statement") reached.add(next);
  }
  return [...reached].filter((path) => path in inputs);
}

/**
 * The command: scripts, which bin/start.js gives to V8 with what V8 has compiled of them before. Each is a function of
 * `require`, which loads the others too, of what it exports, and of what `import.meta` is to it. One of them has what a run
 * of most components needs, and nothing else: what is read of a script, and what V8 makes of that, is a good part of a start.
 */
async function buildCommand() {
  const scripts = new Map();
  for (const [name, entries] of Object.entries(SCRIPTS)) {
    for (const path of await loadedAtOnce(...entries)) {
      if (!scripts.has(path)) scripts.set(path, name);
    }
  }
  const bundle = await rolldown({
    cwd: root,
    input: { sluice: "src/cli/main.ts" },
    platform: "node",
    preserveEntrySignatures: "allow-extension",
    treeshake: { moduleSideEffects: false },
    transform: {
      target: COMMON.target,
      // The scripts are as deep in dist as the modules of the library.
      define: { "import.meta": "$meta", BUILT_WORKER: LIBRARY.define.BUILT_WORKER },
    },
    logLevel: "warn",
    // Who imports a module later may have it at once.
    checks: { ineffectiveDynamicImport: false },
  });
  const { output } = await bundle.generate({
    format: "cjs",
    comments: { legal: false, jsdoc: false, annotation: false },
    entryFileNames: "[name].js",
    chunkFileNames: "part-[name].js",
    codeSplitting: {
      includeDependenciesRecursively: false,
      groups: [
        {
          debugName: "scripts",
          // Helpers of the bundler's own, too, are where they are needed first.
          name: (path) => (path.startsWith(root) ? scripts.get(relative(root, path)) : "sluice"),
        },
      ],
    },
  });
  assertNoCircle(new Map(output.map(({ fileName, imports }) => [fileName, imports])));
  for (const { fileName, code } of output) {
    const ascii = withOwnNames(code).replaceAll(
      /[^\0-\x7f]/g,
      (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
    );
    writeFileSync(join(root, "dist", "cli", fileName), `(function (require, exports, $meta) {\n${ascii}})`);
  }
}

/**
 * What a script takes of others, under names of its own: to look one up in what another exports, a dictionary, takes as long as
 * many a call, and V8 knows nothing of what it finds.
 */
function withOwnNames(code) {
  /** @type {Map<string, Set<string>>} */
  const taken = new Map();
  const renamed = code.replaceAll(/\b(require_[\w$]+)\.([\w$]+)/g, (_, script, name) => {
    const names = taken.get(script) ?? new Set();
    taken.set(script, names.add(name));
    return `${script}$${name}`;
  });
  return renamed.replaceAll(/^const (require_[\w$]+) = (require\("\.\/[^"]+"\);)$/gm, (_, script, required) => {
    const names = Array.from(taken.get(script) ?? [], (name) => `${name}: ${script}$${name}`);
    return `const { ${names.join(", ")} } = ${required}`;
  });
}

/** Scripts that need each other at once would find nothing in each other yet. @param {Map<string, string[]>} needed By each of them. */
function assertNoCircle(needed) {
  const done = new Set();
  const visit = (name, path) => {
    if (path.includes(name)) throw new Error(`Scripts need each other at once: ${[...path, name].join(", ")}`);
    if (done.has(name)) return;
    for (const next of needed.get(name) ?? []) visit(next, [...path, name]);
    done.add(name);
  };
  for (const name of needed.keys()) visit(name, []);
}

/**
 * Puts `modules` into one file: a module for each set of those who import it, as the bundler would have it, makes
 * twenty, and Node takes a third of a millisecond for each. It does so as everything that shares one of them, and all
 * that is imported later, imports all of them. These imports are not in what comes out, as the package has no side
 * effects: they only say what belongs together.
 *
 * @returns {import("esbuild").Plugin}
 */
function inOnePiece(modules) {
  const CORE = "sluice:core";
  return {
    name: "in one piece",
    setup(bundler) {
      const kept = new Set(modules.map((path) => join(root, path)));
      bundler.onResolve({ filter: /^sluice:/ }, () => ({ path: CORE, namespace: "sluice" }));
      bundler.onLoad({ filter: /./, namespace: "sluice" }, () => ({
        contents: [...kept].map((path) => `import ${JSON.stringify(path)};`).join("\n"),
        resolveDir: root,
      }));
      bundler.onResolve({ filter: /./ }, async ({ path, kind, importer, namespace, resolveDir, pluginData }) => {
        if (pluginData === CORE || path.startsWith("node:")) return undefined;
        if (namespace === "sluice") return { path };
        if (kind !== "dynamic-import" && kind !== "entry-point") return undefined;
        const found = await bundler.resolve(path, { kind, importer, resolveDir, pluginData: CORE });
        return { ...found, suffix: "?whole" };
      });
      bundler.onLoad({ filter: /\.ts$/ }, ({ path, suffix }) =>
        suffix === "?whole"
          ? {
              // What is in the one file already is given on: it must not be there twice.
              contents: `import "${CORE}";\n${kept.has(path) ? `export * from ${JSON.stringify(path)};` : readFileSync(path, "utf8")}`,
              loader: "ts",
              resolveDir: dirname(path),
            }
          : undefined,
      );
    },
  };
}

/**
 * The modules of pages, workers and all else that is not Node: see `exports` in package.json. What is loaded together is
 * one file, whoever else needs some of it: a bundler would make a file for each set of those who import something, some
 * forty, and one file of all would have what only a few need.
 */
async function buildForPages() {
  const pieces = new Map();
  const later = new Set(await liveIn(PARTS.map((part) => `export * from "./src/${part}.ts";`).join("\n")));
  for (const [name, contents] of Object.entries(PIECES)) {
    const modules = await liveIn(contents);
    for (const path of modules) {
      if (!pieces.has(path)) pieces.set(path, name === "load" && later.has(path) ? "common" : name);
    }
  }
  const bundle = await rolldown({
    cwd: root,
    input: {
      browser: "sluice:browser",
      opfs: "src/opfs.ts",
      terminal: "src/terminal.ts",
      "shared/web-inspect": "src/inspect.ts",
      "shared/web-testing": "src/testing/index.ts",
    },
    platform: "browser",
    external: /^node:/,
    preserveEntrySignatures: "allow-extension",
    treeshake: { moduleSideEffects: false },
    transform: { target: COMMON.target, define: LIBRARY.define },
    logLevel: "warn",
    // Of the entry itself nothing is in its module: see `starred`.
    plugins: [
      {
        name: "entry",
        resolveId: (id) => (id === "sluice:browser" ? { id } : undefined),
        load: (id) => (id === "sluice:browser" ? 'export * from "./src/browser.ts";' : undefined),
      },
    ],
  });
  const { output } = await bundle.generate({
    format: "esm",
    comments: { legal: false, jsdoc: false, annotation: true },
    entryFileNames: "[name].js",
    chunkFileNames: "shared/web-[name]-[hash].js",
    codeSplitting: {
      includeDependenciesRecursively: false,
      groups: [{ debugName: "pieces", name: (path) => pieces.get(path) }],
    },
  });
  for (const { fileName, name, code } of output) {
    if (name === "rolldown-runtime") continue;
    const made = fileName === "browser.js" ? starred(code) : withPlainNamespaces(code);
    writeFileSync(join(root, "dist", fileName), EAGER.has(name) ? EAGER_LINE + made : made);
  }
}

/**
 * An entry that exports what others have, rewritten to have no names of its own: a module for each of those has them. esbuild
 * loads whatever a module that is used has names of, if anything that is loaded later needs it.
 */
function starred(code) {
  const imports = [...code.matchAll(/^import (\{.*\}) from "\.\/shared\/(.*)";$/gm)];
  return imports
    .map(([, names, file]) => {
      writeFileSync(join(root, "dist", "shared", `public-${file}`), `export ${names} from "./${file}";\n`);
      return `export * from "./shared/public-${file}";\n`;
    })
    .join("");
}

/** What is imported later, as objects that are written out: a function that makes such ones would be one more script to wait for. */
function withPlainNamespaces(code) {
  return code
    .replace(/^import \{ t as __exportAll \} from .*\n/m, "")
    .replace(/\/\* @__PURE__ \*\/ __exportAll\((\{[^}]*\})\)/g, (_, names) =>
      names.replace(/([\w$]+): \(\) => ([\w$]+)/g, "get $1() { return $2; }"),
    );
}

/** The paths of the modules of which something is needed for what `contents` exports, before anything is imported later. */
async function liveIn(contents) {
  const { metafile } = await build({
    ...LIBRARY,
    stdin: { contents, resolveDir: root, loader: "ts" },
    splitting: false,
    write: false,
    metafile: true,
    plugins: [
      {
        name: "later",
        setup(bundler) {
          bundler.onResolve({ filter: /./ }, ({ path, kind }) =>
            kind === "dynamic-import" ? { path, external: true } : undefined,
          );
        },
      },
    ],
  });
  return Object.values(metafile.outputs).flatMap(({ inputs }) =>
    Object.entries(inputs).flatMap(([path, { bytesInOutput }]) => (bytesInOutput > 0 ? join(root, path) : [])),
  );
}
