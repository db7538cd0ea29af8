/**
 * What names of the component model may be.
 *
 * @see https://github.com/WebAssembly/component-model/blob/main/design/mvp/Explainer.md#import-and-export-definitions
 */
import { memberOf } from "./names.ts";

// No text is matched in two ways, so that no name takes long to refuse.
const END = "(?![A-Za-z0-9])";
const WORDS = `[a-z][a-z0-9]*(?:-[a-z0-9]+)*`;
const WORD = `(?:[a-z][a-z0-9]*|[A-Z][A-Z0-9]*)(?:-(?:[0-9]+|[0-9]*[a-z][a-z0-9]*|[0-9]*[A-Z][A-Z0-9]*)${END})*`;
const LABEL = new RegExp(`^${WORD}$`);
const PLAIN = new RegExp(`^(?:${WORD}|\\[constructor\\]${WORD}|\\[(?:method|static)\\]${WORD}\\.${WORD})$`);
/** `a:b/c`, and a version. */
const INTERFACE = new RegExp(`^${WORDS}:${WORDS}/${WORD}(?:@(?<version>.+))?$`);
const NUMBER = "(?:0|[1-9][0-9]*)";
const PRERELEASE = `(?:${NUMBER}|[0-9]*[A-Za-z-][0-9A-Za-z-]*)`;
/** As https://semver.org has it. */
const VERSION = new RegExp(
  `^${NUMBER}\\.${NUMBER}\\.${NUMBER}(?:-${PRERELEASE}(?:\\.${PRERELEASE})*)?(?:\\+[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*)?$`,
);
/** As much of a version as those have in common that are compatible. */
const CANONICAL_VERSION = /^(?:[1-9][0-9]*|0\.[1-9][0-9]*|0\.0\.[1-9][0-9]*)$/;

/** What names a file or a package to fetch, as it was written once. */
const DEPENDENCY =
  /^(?:unlocked-dep=<[^<>{}]*(?:\{[^{}]*\})?>|(?:locked-dep|url|integrity)=<[^<>]*>(?:,integrity=<[^<>]*>)?)$/;

/** Whether `name` may name a field, a case, a parameter. */
export function isLabel(name: string): boolean {
  return LABEL.test(name);
}

/** Whether `name` may name an import or export. */
export function isExternName(name: string): boolean {
  return PLAIN.test(name) || isInterfaceName(name) || DEPENDENCY.test(name);
}

export function isInterfaceName(name: string): boolean {
  const match = INTERFACE.exec(name);
  const version = match?.groups?.["version"];
  return match !== null && (version === undefined || isVersion(version) || CANONICAL_VERSION.test(version));
}

/** Whether it is a whole version. */
export function isVersion(text: string): boolean {
  return VERSION.test(text);
}

/**
 * Names that have this in common cannot be told apart by everybody: not by those who do not tell case, nor by those whose
 * classes have members of one kind. A resource and its constructor can.
 */
export function uniqueForm(name: string): string {
  const lower = name.toLowerCase();
  const member = memberOf(lower);
  if (!member || member.form === "constructor") return lower;
  return member.name === member.resource ? member.resource : `${member.resource}.${member.name}`;
}
