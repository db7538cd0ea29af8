/**
 * What names of the component model may be.
 *
 * @see https://github.com/WebAssembly/component-model/blob/main/design/mvp/Explainer.md#import-and-export-definitions
 */
import { memberOf } from "./members.ts";

// Most names are looked through by hand: patterns take longer to be made than most components take to be loaded. In those
// that there are no text is matched in two ways, so that no name takes long to refuse.
const NUMBER = "(?:0|[1-9][0-9]*)";
const PRERELEASE = `(?:${NUMBER}|[0-9]*[A-Za-z-][0-9A-Za-z-]*)`;
/** What names a file or a package to fetch, as it was written once. */
const DEPENDENCY =
  /^(?:unlocked-dep=<[^<>{}]*(?:\{[^{}]*\})?>|(?:locked-dep|url|integrity)=<[^<>]*>(?:,integrity=<[^<>]*>)?)$/;
/** Of a version, as https://semver.org has it. Most are three numbers, and never need it. */
let version: RegExp | undefined;

const DASH = 0x2d;

/** Whether `name` may name a field, a case, a parameter: words in small letters or capitals, and digits. */
export function isLabel(name: string): boolean {
  // Of the word.
  let start = 0;
  let hasSmall = false;
  let hasCapital = false;
  for (let at = 0; at < name.length; at++) {
    const code = name.charCodeAt(at);
    if (isSmall(code)) hasSmall = true;
    else if (isCapital(code)) hasCapital = true;
    else if (code === DASH && at > start) {
      start = at + 1;
      hasSmall = hasCapital = false;
    } else if (at === 0 || !isDigit(code)) return false;
    if (hasSmall && hasCapital) return false;
  }
  return start < name.length;
}

function isSmall(code: number): boolean {
  return code >= 0x61 && code <= 0x7a;
}

function isCapital(code: number): boolean {
  return code >= 0x41 && code <= 0x5a;
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

/** Whether `name` may name an import or export. */
export function isExternName(name: string): boolean {
  return isPlainName(name) || isInterfaceName(name) || DEPENDENCY.test(name);
}

/** `a-b`, `[constructor]a`, `[method]a.b`. */
function isPlainName(name: string): boolean {
  if (!name.startsWith("[")) return isLabel(name);
  const member = memberOf(name);
  if (!member || !isLabel(member.resource)) return false;
  return member.form === "constructor" ? member.name === "" && !name.includes(".") : isLabel(member.name);
}

/** `a:b/c`, and a version. */
export function isInterfaceName(name: string): boolean {
  const [colon, slash, at] = [name.indexOf(":"), name.indexOf("/"), name.indexOf("@")];
  const end = at < 0 ? name.length : at;
  if (colon < 0 || slash < colon || end < slash) return false;
  const [namespace, packaged] = [name.slice(0, colon), name.slice(colon + 1, slash)];
  if (![namespace, packaged].every((part) => isLabel(part) && part === part.toLowerCase())) return false;
  if (!isLabel(name.slice(slash + 1, end))) return false;
  const numbers = name.slice(end + 1);
  // Or as much of a version as those have in common that are compatible.
  return at < 0 || isVersion(numbers) || /^(?:[1-9][0-9]*|0\.[1-9][0-9]*|0\.0\.[1-9][0-9]*)$/.test(numbers);
}

/** Whether it is a whole version. */
export function isVersion(text: string): boolean {
  if (/^(?:0|[1-9]\d*)(?:\.(?:0|[1-9]\d*)){2}$/.test(text)) return true;
  version ??= new RegExp(
    `^${NUMBER}\\.${NUMBER}\\.${NUMBER}(?:-${PRERELEASE}(?:\\.${PRERELEASE})*)?(?:\\+[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*)?$`,
  );
  return version.test(text);
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
