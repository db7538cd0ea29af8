// Puts all that the command loads into one script: Node takes a quarter of a millisecond for each module that it loads, and
// keeps the compiled code of none. A script can be given what it was compiled to before: see bin/start.js.
import { readFileSync, writeFileSync } from "node:fs";
import { join, posix } from "node:path";

/** What tsc writes, of all that the language has: see `bodyOf`. */
const IMPORT = /^import (?:\* as (?<whole>\w+)|(?<names>\{[^}]*\})) from "(?<from>[^"]+)";$/gm;
const EXPORT = /^export (?=(?:async )?(?:function\*?|class|const) (?<name>\w+))/gm;
/** On lines of their own. They would be a fifth of what has to be read. */
const COMMENT = /^ *(?:\/\*[^]*?\*\/|\/\/.*)\n/gm;
const DYNAMIC = /\bimport\("(?<from>\.[^"]+)"\)/g;

/**
 * Makes a script of a module and all that it imports, now or later: a function of the URL of `folder`, whose result gives
 * modules by their paths, and says which of them have been evaluated. Each is evaluated when it is first imported.
 *
 * @param {string} folder Where tsc wrote modules.
 * @param {string} entry A path in it.
 * @param {string} out Where the script goes, a path in it.
 */
export function link(folder, entry, out) {
  const modules = new Map();
  visit(folder, entry, modules);
  const texts = [...modules].map(
    ([path, { body, names }]) => `"${path}"() {\n${body}\nreturn { ${names.join(", ")} };\n},`,
  );
  const script = [
    "// Linked by scripts/link.js.",
    "(function ($base) {",
    "const $made = {};",
    "const $get = (path) => ($made[path] ??= $modules[path]());",
    `const $modules = {\n${texts.join("\n")}\n};`,
    "return { get: $get, has: (path) => path in $made };",
    "})\n",
  ];
  // So that it can be read as it is, byte for byte.
  writeFileSync(join(folder, out), asciiOf(script.join("\n")));
}

/** Texts of JavaScript may spell any character so, in all that we write them in. */
function asciiOf(text) {
  return text.replaceAll(/[^\0-\x7f]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** Adds to `modules` what can be evaluated from `path` on. */
function visit(folder, path, modules, above = []) {
  if (above.includes(path)) throw new Error(`These modules import each other: ${[...above, path].join(", ")}`);
  if (modules.has(path)) return;
  const module = bodyOf(folder, path);
  for (const imported of module.imports) visit(folder, imported, modules, [...above, path]);
  modules.set(path, module);
  // What is imported later may import what imports it.
  for (const imported of module.later) visit(folder, imported, modules);
}

/** The text of a module as that of a function, what it exports, and the paths of the modules of ours that it imports. */
function bodyOf(folder, path) {
  const imports = [];
  const later = [];
  const names = [];
  const text = readFileSync(join(folder, path), "utf8");
  const at = (from) => posix.join(posix.dirname(path), from);
  const body = text
    .replaceAll(COMMENT, "")
    .replaceAll(IMPORT, (...match) => {
      const { whole, names: some, from } = match.at(-1);
      const target = whole ?? some.replaceAll(" as ", ": ");
      // An import of Node's own would read all of its exports, and so load what Node loads only when it is asked for.
      if (from.startsWith("node:")) return `const ${target} = process.getBuiltinModule("${from}");`;
      imports.push(at(from));
      return `const ${target} = $get("${at(from)}");`;
    })
    .replaceAll(DYNAMIC, (...match) => {
      later.push(at(match.at(-1).from));
      return `(async () => $get("${at(match.at(-1).from)}"))()`;
    })
    .replaceAll("import.meta.url", `new URL("${path}", $base).href`)
    .replaceAll(EXPORT, (...match) => {
      names.push(match.at(-1).name);
      return "";
    })
    .replace(/^export \{\};$/m, "");
  // The names that are not the module's own.
  if (/\$(?:base|made|get|modules)\b/.test(text)) throw new Error(`${path} has a name that scripts/link.js needs`);
  const left = /^(?:import|export)\b(?!\().*$/m.exec(body);
  if (left) throw new Error(`${path} has what scripts/link.js does not know: ${left[0]}`);
  return { body, imports, later, names };
}
