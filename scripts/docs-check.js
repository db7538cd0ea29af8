// Checks the documentation: examples run, links lead somewhere, cited rules exist, what is public has a doc comment.
import { execFile } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { anchorOf } from "./anchors.js";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const EXAMPLE_TIMEOUT_MS = 60_000;
const LANGUAGES = { js: "js", javascript: "js", mjs: "js", ts: "ts", typescript: "ts" };

/** Sections whose rules have no guest each, but tests in `test/guests` that name them. */
const TESTED_BY_NAME = /^1[45]\./;

const problems = [];
const documents = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", ...markdownIn("docs"), "test/guests/README.md"].map(
  (name) => ({ name, text: readFileSync(join(root, name), "utf8") }),
);

const links = checkLinks();
const rules = checkRules();
const [examples, comments] = await Promise.all([checkExamples(), checkComments()]);

for (const problem of problems) console.error(problem);
console.log(
  `docs: ${examples} examples ran, ${links} links followed, ${rules} citations of rules looked up, ` +
    `${comments} modules read for doc comments; ${problems.length} problems`,
);
process.exitCode = problems.length === 0 ? 0 : 1;

/**
 * Runs each block of JavaScript or TypeScript as a program of its own, in a folder where the guests of the tests lie and
 * `sluice` is installed. Comments `// prints: TEXT` are, line by line, what it must print. A block whose first line says
 * `no-run` (```js no-run) is left alone.
 */
async function checkExamples() {
  const blocks = documents.flatMap(({ name, text }) => codeBlocks(name, text));
  const folder = mkdtempSync(join(tmpdir(), "sluice-docs-"));
  try {
    mkdirSync(join(folder, "node_modules"));
    symlinkSync(root, join(folder, "node_modules", "sluice"), "junction");
    symlinkSync(
      join(root, "node_modules", "@bytecodealliance"),
      join(folder, "node_modules", "@bytecodealliance"),
      "junction",
    );
    writeFileSync(join(folder, "package.json"), '{ "type": "module" }\n');
    const built = join(root, "test", "guests", "built");
    for (const guest of readdirSync(built)) symlinkSync(join(built, guest), join(folder, guest));
    const queue = blocks.entries();
    const worker = async () => {
      for (const [index, block] of queue) {
        const file = join(folder, `example-${index}.${block.extension}`);
        writeFileSync(file, block.code);
        await runExample(folder, file, block);
      }
    };
    await Promise.all(Array.from({ length: availableParallelism() }, worker));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return blocks.length;
}

function codeBlocks(name, text) {
  const blocks = [];
  let open;
  for (const [index, line] of text.split("\n").entries()) {
    const fence = /^```(\w*) ?(.*)$/.exec(line);
    if (!fence) {
      open?.lines.push(line);
      continue;
    }
    if (open) {
      if (open.extension && !open.skip) blocks.push({ ...open, code: `${open.lines.join("\n")}\n` });
      open = undefined;
    } else {
      const extension = LANGUAGES[fence[1].toLowerCase()];
      open = { place: `${name}:${index + 2}`, extension, skip: /\bno-run\b/.test(fence[2]), lines: [] };
    }
  }
  if (open) problems.push(`${open.place}: the code block has no end`);
  return blocks;
}

function runExample(folder, file, { place, code }) {
  const expected = [...code.matchAll(/\/\/ prints: (.*)$/gm)].map(([, line]) => line.trimEnd());
  return new Promise((done) => {
    const child = execFile(
      process.execPath,
      ["--disable-warning=ExperimentalWarning", file],
      { cwd: folder, timeout: EXAMPLE_TIMEOUT_MS },
      (error, stdout, stderr) => {
        const printed = stdout.trimEnd();
        if (error) {
          const why = error.killed ? `is not over after ${EXAMPLE_TIMEOUT_MS / 1000} s` : "fails";
          problems.push(`${place}: the example ${why}:\n${indent(stderr || error.message)}`);
        } else if (expected.length > 0 && printed !== expected.join("\n")) {
          problems.push(
            `${place}: the example prints\n${indent(printed)}\n  instead of\n${indent(expected.join("\n"))}`,
          );
        }
        done();
      },
    );
    child.stdin?.end();
  });
}

/** Relative links have to lead to a file of ours, and to a heading or an anchor in it. */
function checkLinks() {
  let count = 0;
  for (const { name, text } of documents) {
    for (const [, target] of withoutCode(text).matchAll(/\]\(([^)\s]+)\)/g)) {
      count++;
      if (/^[a-z]+:/i.test(target)) continue;
      const [path, anchor] = target.split("#");
      const file = path === "" ? join(root, name) : resolve(root, dirname(name), path);
      if (relative(root, file).startsWith("..") || !existsSync(file)) {
        problems.push(`${name}: there is no ${target}`);
      } else if (anchor !== undefined && !anchorsOf(file).has(anchor)) {
        problems.push(`${name}: ${path || name} has no heading for #${anchor}`);
      }
    }
  }
  return count;
}

function anchorsOf(file) {
  const anchors = new Set();
  for (const [, title] of withoutCode(readFileSync(file, "utf8")).matchAll(/^#+ +(.+?) *$/gm)) anchorOf(title, anchors);
  return anchors;
}

/** Every rule that a trap, a comment, a document or a claim cites has to stand in docs/contract.md, once. */
function checkRules() {
  const contract = readFileSync(join(root, "docs", "contract.md"), "utf8");
  const stated = [...contract.matchAll(/^ *- \*\*(D\d+|\d+\.\d+[a-z]?)\*\* /gm)].map(([, rule]) => rule);
  const known = new Set(stated);
  for (const rule of known) {
    if (stated.filter((other) => other === rule).length > 1) problems.push(`docs/contract.md: ${rule} stands twice`);
  }
  let count = 0;
  const cite = (place, rule) => {
    count++;
    if (!known.has(rule)) problems.push(`${place}: docs/contract.md has no rule ${rule}`);
  };
  for (const name of readdirSync(join(root, "src"), { recursive: true })) {
    if (!name.endsWith(".ts")) continue;
    const text = readFileSync(join(root, "src", name), "utf8");
    for (const rule of citedInCode(text)) cite(`src/${name}`, rule);
  }
  const claims = "test/guests/claims";
  for (const name of readdirSync(join(root, claims))) {
    for (const [, list] of readFileSync(join(root, claims, name), "utf8").matchAll(/\brules: \[([^\]]*)\]/g)) {
      for (const [, rule] of list.matchAll(/"([^"]*)"/g)) {
        // A range counts by its ends; `head` is the list of decisions.
        if (rule !== "head") for (const end of rule.split("-")) cite(`${claims}/${name}`, end);
      }
    }
  }
  const named = new Set();
  for (const name of readdirSync(join(root, "test/guests"))) {
    if (!name.endsWith(".test.ts")) continue;
    for (const [title] of readFileSync(join(root, "test/guests", name), "utf8").matchAll(/^ *test\(\s*["`].*$/gm)) {
      for (const [, rule] of title.matchAll(/\[(\d+\.\d+)\]/g)) {
        cite(`test/guests/${name}`, rule);
        named.add(rule);
      }
    }
  }
  for (const rule of known) {
    if (TESTED_BY_NAME.test(rule) && !named.has(rule)) problems.push(`docs/contract.md: no test names ${rule}`);
  }
  for (const { name, text } of documents) {
    for (const [, rule] of text.matchAll(/\[rule (D?\d+(?:\.\d+[a-z]?)?)\]/g)) cite(name, rule);
  }
  for (const [, list] of contract.matchAll(/\(((?:D\d+|\d+\.\d+[a-z]?)(?:, (?:D\d+|\d+\.\d+[a-z]?))*)\)/g)) {
    for (const rule of list.split(", ")) cite("docs/contract.md", rule);
  }
  return count;
}

/** The first parameter of a trap, and what stands in parentheses in a comment: (3.16), (D7), (4.2, 4.9). */
function citedInCode(text) {
  const rule = String.raw`(?:D\d{1,2}|\d{1,2}\.\d{1,2}[a-z]?)`;
  const traps = [...text.matchAll(/\bnew Trap\(([^,]*),/g)].flatMap(([, first]) =>
    [...first.matchAll(/"([^"]+)"/g)].map(([, cited]) => cited),
  );
  const inComments = [...text.matchAll(new RegExp(String.raw`^\s*(?:\*|/\*\*|//).*$`, "gm"))].flatMap(([comment]) =>
    [...comment.matchAll(new RegExp(String.raw`\((${rule}(?:, ${rule})*)\)`, "g"))].flatMap(([, list]) =>
      list.split(", "),
    ),
  );
  return [...traps, ...inComments];
}

/**
 * `deno doc --lint` over what the package exports: no public type names a private one, and each declaration and each
 * option has a doc comment. Of other members only those need one that have something to say beyond name and type, which
 * no tool can tell.
 */
async function checkComments() {
  const { exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const modules = Object.values(exports)
    .map(({ types } = {}) => types?.replace("./dist/", "src/").replace(".d.ts", ".ts"))
    .filter((module) => module !== undefined && existsSync(join(root, module)));
  const deno = join(root, "node_modules", ".bin", "deno");
  const said = await new Promise((done) => {
    execFile(
      deno,
      ["doc", "--lint", ...modules],
      { cwd: root, env: { ...process.env, NO_COLOR: "1" }, maxBuffer: 64 * 1024 * 1024 },
      (error, stdout, stderr) => done({ error, text: stdout + stderr }),
    );
  });
  const found = [...said.text.matchAll(/^error\[([\w-]+)\]: (.*)\n\s*--> (.*):(\d+):\d+$/gm)];
  if (said.error && found.length === 0) problems.push(`deno doc --lint fails:\n${indent(said.text.slice(-2000))}`);
  const sources = new Map();
  for (const [, kind, message, file, line] of found) {
    const name = relative(root, file);
    if (!sources.has(name)) sources.set(name, readFileSync(join(root, name), "utf8").split("\n"));
    const lines = sources.get(name);
    const text = lines[line - 1] ?? "";
    if (kind === "missing-jsdoc" && !needsComment(lines, Number(line))) continue;
    problems.push(`${name}:${line}: ${message}: ${text.trim()}`);
  }
  return modules.length;
}

function needsComment(lines, line) {
  const text = lines[line - 1] ?? "";
  // A comment of nothing but tags, such as `@see`, is one.
  if (/\*\/\s*$/.test(lines[line - 2] ?? "")) return false;
  if (text.startsWith("export ")) return true;
  const header = lines.slice(0, line).findLast((each) => each.startsWith("export ")) ?? "";
  return /^export interface (?:\w+Options|Limits)\b/.test(header);
}

function markdownIn(folder) {
  return readdirSync(join(root, folder))
    .filter((name) => name.endsWith(".md"))
    .map((name) => `${folder}/${name}`)
    .toSorted();
}

/** The text without its blocks and spans of code, in which nothing is a link or a heading. */
function withoutCode(text) {
  return text.replaceAll(/^```[\s\S]*?^```/gm, "").replaceAll(/`[^`\n]*`/g, (span) => span.replaceAll(/[[\]()]/g, ""));
}

function indent(text) {
  return text.trimEnd().replaceAll(/^/gm, "    ");
}
