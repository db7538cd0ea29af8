/** The command line as options and words, before anybody knows what they mean. */
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
 * @param command Whose help is named to who mistakes an option.
 * @throws {UsageError} For an option that does not exist, lacks its value, or has one too many.
 */
export function leadingOptions(args: readonly string[], command: string = "run"): LeadingOptions {
  const options: GivenOption[] = [];
  for (let at = 0; at < args.length;) {
    const arg = args[at] ?? "";
    if (arg === "--") return { options, rest: args.slice(at + 1), terminated: true };
    if (arg === "-" || !arg.startsWith("-")) return { options, rest: args.slice(at), terminated: false };
    at++;
    for (const { name, typed, value } of arg.startsWith("--") ? [long(arg)] : short(arg.slice(1))) {
      const takesNext =
        value === undefined && OPTIONS.some((known) => known.name === name && known.value !== undefined);
      const given = { name, typed, value: takesNext ? args[at] : value, isInline: value !== undefined };
      options.push(checkedOption(given, command));
      if (takesNext) at++;
    }
  }
  return { options, rest: [], terminated: false };
}

/** An option as it was typed, with its value if that is in the same argument. */
interface Typed {
  readonly name: string;
  readonly typed: string;
  readonly value?: string | undefined;
}

/** `--name` or `--name=value`. */
function long(arg: string): Typed {
  const end = arg.indexOf("=", 3);
  const typed = end < 0 ? arg : arg.slice(0, end);
  return { name: typed.slice(2), typed, ...(end < 0 ? {} : { value: arg.slice(end + 1) }) };
}

/** `-hV` are two; of one that has a value all that follows is that. */
function short(letters: string): Typed[] {
  const typed: Typed[] = [];
  for (const [at, letter] of Array.from(letters).entries()) {
    const option = OPTIONS.find((known) => known.short === letter);
    const rest = letters.slice(at + 1);
    const hasValue = option?.value !== undefined && rest !== "";
    typed.push({ name: option?.name ?? letter, typed: `-${letter}`, ...(hasValue ? { value: rest } : {}) });
    if (hasValue) break;
  }
  return typed;
}

function checkedOption(
  { name, typed, value, isInline }: Typed & { readonly isInline: boolean },
  command: string,
): GivenOption {
  const option = OPTIONS.find((known) => known.name === name);
  if (!option) {
    const instead = FOREIGN[name];
    if (instead !== undefined) throw new UsageError(`There is no option ${typed}, which Wasmtime has: ${instead}`);
    throw new UsageError(`There is no option ${typed}${similar(name)}: see \`sluice help ${command}\``);
  }
  if (option.value === undefined) {
    if (isInline) {
      throw new UsageError(`${typed} takes no value, got ${JSON.stringify(value)}: leave it out`);
    }
    return { name: option.name, typed, value: "" };
  }
  if (value === undefined) throw new UsageError(`${typed} needs a value: expected ${option.expected}`);
  if (value.startsWith("-") && !isInline) {
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
  target: ENGINE,
  g: "run `node --inspect` with bin/sluice.js",
  gdbstub: "run `node --inspect` with bin/sluice.js",
  R: "calls are shown by --trace",
  record: "calls are shown by --trace",
};

function similar(name: string): string {
  const guess = OPTIONS.find((known) => name.length > 1 && known.name.startsWith(name.slice(0, 3)));
  return guess ? `; did you mean --${guess.name}?` : "";
}
