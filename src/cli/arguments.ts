/** The command line as options and words, before anybody knows what they mean. */
import { parseArgs } from "node:util";
import { UsageError } from "./usage.ts";

/** Options with a value; the others have none. */
const WITH_VALUE = [
  "argv0",
  "connect",
  "dir",
  "env",
  "invoke",
  "limit",
  "listen",
  "permits",
  "plug",
  "ro-dir",
  "timeout",
  "wasi",
  "wasm",
] as const;
const WITHOUT_VALUE = [
  "deny-private",
  "help",
  "inherit-env",
  "json",
  "net",
  "progress",
  "stats",
  "trace",
  "version",
] as const;
const SHORT = { help: "h", version: "V", wasi: "S", wasm: "W" } as const;

export type OptionName = (typeof WITH_VALUE)[number] | (typeof WITHOUT_VALUE)[number];

export interface GivenOption {
  readonly name: OptionName;
  /** As it was typed, such as `-h`. */
  readonly typed: string;
  /** Empty for an option without a value. */
  readonly value: string;
}

export interface LeadingOptions {
  readonly options: readonly GivenOption[];
  /** From the first word on, everything, whatever it looks like. */
  readonly rest: readonly string[];
  /** Whether `--` ended the options: the first word is then no command. */
  readonly terminated: boolean;
}

/**
 * Reads options up to the first word or `--`.
 *
 * @throws {UsageError} For an option that does not exist, lacks its value, or has one too many.
 */
export function leadingOptions(args: readonly string[]): LeadingOptions {
  const options: GivenOption[] = [];
  for (const token of tokensOf(args)) {
    if (token.kind === "positional") return { options, rest: args.slice(token.index), terminated: false };
    if (token.kind === "option-terminator") {
      return { options, rest: args.slice(token.index + 1), terminated: true };
    }
    options.push(checkedOption(token.name, token.rawName, token.value, token.inlineValue));
  }
  return { options, rest: [], terminated: false };
}

function tokensOf(args: readonly string[]) {
  const known = [
    ...WITH_VALUE.map((name) => [name, { type: "string", ...shortOf(name) }] as const),
    ...WITHOUT_VALUE.map((name) => [name, { type: "boolean", ...shortOf(name) }] as const),
  ];
  // Not strict: we say ourselves what is wrong, and words that belong to the guest are none of our business.
  const config = { args: [...args], options: Object.fromEntries(known), strict: false, tokens: true } as const;
  return parseArgs(config).tokens;
}

function shortOf(name: string): { short?: string } {
  return Object.hasOwn(SHORT, name) ? { short: SHORT[name as keyof typeof SHORT] } : {};
}

function checkedOption(
  name: string,
  typed: string,
  value: string | undefined,
  inlineValue: boolean | undefined,
): GivenOption {
  const withValue = WITH_VALUE.find((known) => known === name);
  if (withValue) {
    if (value === undefined) throw new UsageError(`${typed} needs a value: expected ${EXPECTED[withValue]}`);
    if (value.startsWith("-") && inlineValue !== true) {
      throw new UsageError(
        `${typed} needs a value: expected ${EXPECTED[withValue]}, got ${JSON.stringify(value)}; ` +
          `if that is the value, write ${typed}=${value}`,
      );
    }
    return { name: withValue, typed, value };
  }
  const withoutValue = WITHOUT_VALUE.find((known) => known === name);
  if (!withoutValue) {
    const instead = FOREIGN[name];
    if (instead !== undefined) throw new UsageError(`There is no option ${typed}, which Wasmtime has: ${instead}`);
    throw new UsageError(`There is no option ${typed}${similar(name)}: see \`sluice help run\``);
  }
  if (inlineValue === true) throw new UsageError(`${typed} takes no value, got ${JSON.stringify(value)}: leave it out`);
  return { name: withoutValue, typed, value: "" };
}

const EXPECTED: Record<(typeof WITH_VALUE)[number], string> = {
  argv0: "a name, such as --argv0 app",
  connect: "HOST or CIDR, with :PORT or without, such as --connect example.com:443",
  listen: "[ADDRESS:]PORT, such as --listen 127.0.0.1:8080",
  wasi: "inherit-network, tcp, udp or allow-ip-name-lookup, such as -S inherit-network",
  env: "NAME=VALUE, or NAME to pass on your own",
  invoke: "a call, such as --invoke 'f(1, \"x\")'",
  plug: "a component whose exports are imports, such as --plug lib.wasm",
  dir: "HOST or HOST::GUEST, such as --dir .::/work",
  "ro-dir": "HOST or HOST::GUEST, such as --ro-dir .::/work",
  limit: "NAME=NUMBER, such as --limit resources=1000",
  permits: '"strict" or "budget"',
  timeout: "a duration, such as --timeout 30s",
  wasm: "timeout=DURATION, such as -W timeout=30s",
};

const ENGINE = "the engine is Node's, and is set up by Node's own options";

/** Options that hands are used to, and what does here what they do there. */
const FOREIGN: Readonly<Record<string, string>> = {
  C: ENGINE,
  codegen: ENGINE,
  D: "calls are shown by --trace, streams by --stats",
  debug: "calls are shown by --trace, streams by --stats",
  O: ENGINE,
  optimize: ENGINE,
  config: ENGINE,
  profile: "run `node --cpu-prof` with bin/sluice.js",
  mapdir: "write --dir HOST::GUEST",
  tcplisten: "a guest that listens by itself is let by --listen",
  preload: "a component whose exports are wanted is given with --plug",
  "allow-precompiled": "components are compiled when they are run",
};

function similar(name: string): string {
  const guess = [...WITH_VALUE, ...WITHOUT_VALUE].find(
    (known) => name.length > 1 && known.startsWith(name.slice(0, 3)),
  );
  return guess ? `; did you mean --${guess}?` : "";
}
