/** Names of the component model in parts, and what they are in JavaScript. */

export interface Member {
  readonly form: "constructor" | "method" | "static";
  readonly resource: string;
  /** Empty for a constructor. */
  readonly name: string;
}

/** The parts of `[method]stream.read`; `undefined` for the name of a plain function. */
export function memberOf(name: string): Member | undefined {
  // By hand: patterns take longer to be made than most components take to be loaded.
  const end = name.indexOf("]");
  if (end < 0 || !name.startsWith("[")) return undefined;
  const form = name.slice(1, end);
  if (form !== "constructor" && form !== "method" && form !== "static") return undefined;
  const dot = name.indexOf(".", end);
  if (dot < 0) return end + 1 === name.length ? undefined : { form, resource: name.slice(end + 1), name: "" };
  if (dot === end + 1 || dot + 1 === name.length) return undefined;
  return { form, resource: name.slice(end + 1, dot), name: name.slice(dot + 1) };
}

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

/**
 * What versions have in common that are compatible by the rules of semver: the major number, or the minor one before
 * 1.0, or everything of a version that is not released.
 */
export function compatibleVersion(version: string): string {
  const match = /^(\d+)\.(\d+)\.(\d+)(-[^+]*)?/.exec(version);
  if (!match) return version;
  const [, major = "", minor = "", patch = "", prerelease] = match;
  if (prerelease !== undefined) return version;
  if (major !== "0") return major;
  return minor !== "0" ? `0.${minor}` : `0.0.${patch}`;
}
