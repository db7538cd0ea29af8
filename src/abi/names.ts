/** Names of the component model in parts, and what they are in JavaScript. */

export interface Member {
  readonly form: "constructor" | "method" | "static";
  readonly resource: string;
  /** Empty for a constructor. */
  readonly name: string;
}

/** The parts of `[method]stream.read`; `undefined` for the name of a plain function. */
export function memberOf(name: string): Member | undefined {
  const match = /^\[(constructor|method|static)\]([^.]+)(?:\.(.+))?$/.exec(name);
  if (!match) return undefined;
  const [, form, resource = "", member = ""] = match;
  // The pattern has no other.
  return { form: form as Member["form"], resource, name: member };
}

/** The name of a field or function in JavaScript: `output-stream` is `outputStream`. */
export function camelCase(name: string): string {
  return name.replaceAll(/-?([A-Za-z0-9]+)/g, (_, word: string, at: number) => {
    const rest = word.slice(1);
    const plain = /[a-z]/.test(word) ? rest : rest.toLowerCase();
    const first = word[0] ?? "";
    return (at === 0 ? first.toLowerCase() : first.toUpperCase()) + plain;
  });
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
  const camel = camelCase(name);
  return (camel[0] ?? "").toUpperCase() + camel.slice(1);
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
