/** What Wasmtime's users type after `-S` and `-W`. */
import { splitAssignment } from "./assignment.ts";
import { milliseconds } from "./duration.ts";
import { UsageError } from "./usage.ts";

/** What a guest is given, or not. */
const SWITCHES = ["inherit-network", "tcp", "udp", "allow-ip-name-lookup", "http", "inherit-env"] as const;
export type Switch = (typeof SWITCHES)[number];

/** What a guest always has. */
const INTERFACES = new Set([
  "cli",
  "cli-exit-with-code",
  "common",
  "inherit-stderr",
  "inherit-stdin",
  "inherit-stdout",
  "network-error-code",
  "p3",
  "preview2",
]);

/** What WebAssembly and components have here, or the engine has: what is missing is told when a component needs it. */
const FEATURES = new Set([
  "all-proposals",
  "branch-hinting",
  "bulk-memory",
  "component-model",
  "component-model-async",
  "component-model-async-stackful",
  "component-model-fixed-length-lists",
  "component-model-map",
  "component-model-more-async-builtins",
  "concurrency-support",
  "exceptions",
  "extended-const",
  "function-references",
  "gc",
  "gc-support",
  "memory64",
  "multi-memory",
  "multi-value",
  "reference-types",
  "relaxed-simd",
  "simd",
  "tail-call",
]);

const ON: Readonly<Record<string, boolean>> = { y: true, yes: true, true: true, n: false, no: false, false: false };

/** What is after `-S`: `NAME`, `NAME=y` or `NAME=n`, and several with commas between them. @throws {UsageError} */
export function switchesOf(text: string): [Switch, boolean][] {
  return text.split(",").flatMap((word) => {
    const [name, value = "y"] = splitAssignment(word);
    if (isAlwaysOn("-S", INTERFACES, name, value)) return [];
    const known = SWITCHES.find((one) => one === name);
    const isOn = ON[value];
    if (known && isOn !== undefined) return [[known, isOn]];
    throw new UsageError(
      `-S expects ${SWITCHES.join(", ")}, each alone or with =y or =n; got ${JSON.stringify(word)}: ` +
        "a guest has what --dir, --env and the like say, and nothing else has to be switched on",
    );
  });
}

/** The time-out that is after `-W`, in milliseconds, if one is. @throws {UsageError} */
export function timeoutIn(text: string): number | undefined {
  let timeout: number | undefined;
  for (const word of text.split(",")) {
    const [name, value = "y"] = splitAssignment(word);
    if (name === "timeout") timeout = milliseconds(value, "-W timeout");
    else if (!isAlwaysOn("-W", FEATURES, name, value)) {
      throw new UsageError(
        `-W expects timeout=DURATION, or a feature that is on anyway; got ${JSON.stringify(word)}: ` +
          "limits are set with --limit NAME=NUMBER, see docs/limits.md",
      );
    }
  }
  return timeout;
}

/** Whether that is what is switched on. @throws {UsageError} It is, and cannot be switched off. */
function isAlwaysOn(option: string, names: ReadonlySet<string>, name: string, value: string): boolean {
  if (!names.has(name) || ON[value] === undefined) return false;
  if (ON[value]) return true;
  throw new UsageError(`${option} ${name} cannot be switched off: leave it out`);
}
