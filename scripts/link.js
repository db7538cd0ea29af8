// Puts what the command loads into few files: Node takes a quarter of a millisecond for each module that it loads.
import { readFileSync, writeFileSync } from "node:fs";
import { join, posix } from "node:path";

/** What tsc writes, of all that the language has: see `bodyOf`. */
const IMPORT = /^import (?:\* as (?<whole>\w+)|(?<names>\{[^}]*\})) from "(?<from>[^"]+)";$/gm;
const EXPORT = /^export (?=(?:async )?(?:function\*?|class|const) (?<name>\w+))/gm;

/**
 * Puts into each of `entries` all that it imports, as a function for each module, but for what an earlier entry has
 * already. Dynamic imports stay as they are.
 *
 * @param {string} folder Where tsc wrote modules.
 * @param {string[]} entries Paths in it. The later ones import from the first one.
 */
export function link(folder, entries) {
  const [first] = entries;
  const linked = new Set();
  const texts = entries.map((entry) => {
    const order = [];
    visit(folder, entry, linked, order);
    const modules =
      entry === first
        ? "export const $modules = {};"
        : `import { $modules } from "${relative(posix.dirname(entry), first)}";`;
    const { names } = bodyOf(folder, entry);
    return [
      "// Linked by scripts/link.js.",
      modules,
      ...order.map((path) => functionOf(folder, path)),
      `export const { ${names.join(", ")} } = $modules["${entry}"];\n`,
    ].join("\n");
  });
  // Only now: until here they are read.
  for (const [index, entry] of entries.entries()) writeFileSync(join(folder, entry), texts[index]);
}

/** Adds to `order` what is to be evaluated, in the order of the language: imports first. */
function visit(folder, path, linked, order, above = []) {
  if (above.includes(path)) throw new Error(`These modules import each other: ${[...above, path].join(", ")}`);
  if (linked.has(path)) return;
  for (const imported of bodyOf(folder, path).imports) visit(folder, imported, linked, order, [...above, path]);
  linked.add(path);
  order.push(path);
}

function functionOf(folder, path) {
  const { body, names } = bodyOf(folder, path);
  return `$modules["${path}"] = (() => {\n${body}\nreturn { ${names.join(", ")} };\n})();`;
}

/** The text of a module as that of a function, what it exports, and the paths of the modules of ours that it imports. */
function bodyOf(folder, path) {
  const imports = [];
  const names = [];
  const text = readFileSync(join(folder, path), "utf8");
  const body = text
    .replaceAll(IMPORT, (...match) => {
      const { whole, names: some, from } = match.at(-1);
      const target = whole ?? some.replaceAll(" as ", ": ");
      // An import of Node's own would read all of its exports, and so load what Node loads only when it is asked for.
      if (from.startsWith("node:")) return `const ${target} = process.getBuiltinModule("${from}");`;
      const imported = posix.join(posix.dirname(path), from);
      imports.push(imported);
      return `const ${target} = $modules["${imported}"];`;
    })
    .replaceAll(EXPORT, (...match) => {
      names.push(match.at(-1).name);
      return "";
    })
    .replace(/^export \{\};$/m, "");
  // The one name that is not the module's own.
  if (text.includes("$modules")) throw new Error(`${path} must not say $modules, which scripts/link.js does`);
  const left = /^(?:import|export)\b(?!\().*$/m.exec(body);
  if (left) throw new Error(`${path} has what scripts/link.js does not know: ${left[0]}`);
  return { body, imports, names };
}

function relative(from, to) {
  const path = posix.relative(from, to);
  return path.startsWith(".") ? path : `./${path}`;
}
