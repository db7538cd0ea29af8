/** Names of the component model in parts, and what they are in JavaScript. */

/** The name of a field or function in JavaScript: `output-stream` is `outputStream`. */
export function camelCase(name: string): string {
  const [first = "", ...rest] = name
    .split("-")
    .map((word) => (word === word.toUpperCase() ? word.toLowerCase() : word));
  return lowered(first) + rest.map(raised).join("");
}

function lowered(word: string): string {
  return word.slice(0, 1).toLowerCase() + word.slice(1);
}

function raised(word: string): string {
  return word.slice(0, 1).toUpperCase() + word.slice(1);
}

/**
 * What a function that a component exports is called in JavaScript: as in `camelCase`, but that `then` is `then_`. An object
 * with a `then` would be taken for a promise wherever it is awaited.
 */
export function exportedKey(name: string): string {
  const camel = camelCase(name);
  return camel === "then" ? "then_" : camel;
}

/** As `exportedKey`, of a static function: a class has a `prototype` of its own. */
export function exportedStaticKey(name: string): string {
  const key = exportedKey(name);
  return key === "prototype" ? "prototype_" : key;
}

/** The name of a class: `output-stream` is `OutputStream`. */
export function pascalCase(name: string): string {
  return raised(camelCase(name));
}

/** Camel case for each, but for those that would then be the same as another one: they stay as they are. */
export function camelCaseAll(names: readonly string[]): string[] {
  const taken = new Set(names.filter((name) => camelCase(name) === name));
  return names.map((name) => {
    const camel = camelCase(name);
    if (taken.has(camel)) return name;
    taken.add(camel);
    return camel;
  });
}

/** `wasi:io/streams@0.2.3` in two. The version is empty if there is none. */
export function splitVersion(name: string): [plain: string, version: string] {
  const at = name.lastIndexOf("@");
  return at < 0 ? [name, ""] : [name.slice(0, at), name.slice(at + 1)];
}
