/** The command line as options and words, before anybody knows what they mean. */
import { parseArgs } from "node:util";
import { OPTIONS, type OptionName } from "./options.ts";
import { UsageError } from "./usage.ts";

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
  const known = OPTIONS.map(
    ({ name, short, value }) =>
      [name, { type: value === undefined ? "boolean" : "string", ...(short === undefined ? {} : { short }) }] as const,
  );
  // Not strict: we say ourselves what is wrong, and words that belong to the guest are none of our business.
  const config = { args: [...args], options: Object.fromEntries(known), strict: false, tokens: true } as const;
  return parseArgs(config).tokens;
}

function checkedOption(
  name: string,
  typed: string,
  value: string | undefined,
  inlineValue: boolean | undefined,
): GivenOption {
  const option = OPTIONS.find((known) => known.name === name);
  if (!option) {
    const instead = FOREIGN[name];
    if (instead !== undefined) throw new UsageError(`There is no option ${typed}, which Wasmtime has: ${instead}`);
    throw new UsageError(`There is no option ${typed}${similar(name)}: see \`sluice help run\``);
  }
  if (option.value === undefined) {
    if (inlineValue === true) {
      throw new UsageError(`${typed} takes no value, got ${JSON.stringify(value)}: leave it out`);
    }
    return { name: option.name, typed, value: "" };
  }
  if (value === undefined) throw new UsageError(`${typed} needs a value: expected ${option.expected}`);
  if (value.startsWith("-") && inlineValue !== true) {
    throw new UsageError(
      `${typed} needs a value: expected ${option.expected}, got ${JSON.stringify(value)}; ` +
        `if that is the value, write ${typed}=${value}`,
    );
  }
  return { name: option.name, typed, value };
}

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
  const guess = OPTIONS.find((known) => name.length > 1 && known.name.startsWith(name.slice(0, 3)));
  return guess ? `; did you mean --${guess.name}?` : "";
}
