import { splitVersion } from "./names.ts";

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

/** Whether what is there by the name `given` can stand for `wanted`: in a compatible version, or without one. */
export function canStandFor(given: string, wanted: string): boolean {
  const [plain, version] = splitVersion(given);
  const [wantedPlain, wantedVersion] = splitVersion(wanted);
  return plain === wantedPlain && (version === "" || compatibleVersion(version) === compatibleVersion(wantedVersion));
}
