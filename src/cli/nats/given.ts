/** The options of the commands that need a broker. */
import { parseArgs, type ParseArgsConfig } from "node:util";
import type { NatsVerb } from "../command.ts";
import { milliseconds } from "../duration.ts";
import { UsageError } from "../usage.ts";

type Options = NonNullable<ParseArgsConfig["options"]>;

const CONNECTION = {
  nats: { type: "string" },
  creds: { type: "string" },
  nkey: { type: "string" },
  "tls-ca": { type: "string" },
  "tls-cert": { type: "string" },
  "tls-key": { type: "string" },
  "give-up": { type: "string" },
  create: { type: "boolean" },
  help: { type: "boolean", short: "h" },
} satisfies Options;

const OWN = {
  work: {
    jobs: { type: "string" },
    results: { type: "string" },
    dead: { type: "string" },
    concurrency: { type: "string" },
    timeout: { type: "string" },
    retries: { type: "string" },
    header: { type: "string", multiple: true },
    env: { type: "string", multiple: true },
    metrics: { type: "string" },
  },
  pipe: {
    in: { type: "string" },
    out: { type: "string" },
    segment: { type: "string" },
    env: { type: "string", multiple: true },
  },
  put: { message: { type: "string" } },
  get: { output: { type: "string", short: "o" } },
} satisfies Record<NatsVerb, Options>;

/** What was typed after a command. */
export class Given {
  readonly verb: NatsVerb;
  /** From the first word on that is no option. */
  readonly words: readonly string[];
  readonly #values: Readonly<Record<string, string | boolean | readonly (string | boolean)[] | undefined>>;

  /** @throws {UsageError} */
  constructor(verb: NatsVerb, args: readonly string[]) {
    this.verb = verb;
    const options: Options = { ...CONNECTION, ...OWN[verb] };
    const end = wordsFrom(args, options);
    this.words = args.slice(args[end] === "--" ? end + 1 : end);
    try {
      this.#values = parseArgs({ args: args.slice(0, end), options }).values;
    } catch (error) {
      // Node says what is wrong with them; what it advises for words that begin with a dash is none of ours.
      const [message] = String(error instanceof Error ? error.message : error).split(". To specify", 1);
      throw new UsageError(`${message}: see \`sluice help ${verb}\``);
    }
  }

  text(name: string): string | undefined {
    const value = this.#values[name];
    return typeof value === "string" ? value : undefined;
  }

  texts(name: string): readonly string[] {
    const value = this.#values[name];
    return Array.isArray(value) ? value.map(String) : [];
  }

  has(name: string): boolean {
    return this.#values[name] === true;
  }

  /** @throws {UsageError} If it is missing. */
  needed(name: string, expected: string): string {
    const value = this.text(name);
    if (value === undefined || value === "") {
      throw new UsageError(`\`sluice ${this.verb}\` needs --${name} ${expected}: see \`sluice help ${this.verb}\``);
    }
    return value;
  }

  /** A whole number, if it is given. */
  number(name: string, least: number): number | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    if (/^\d{1,9}$/.test(value) && Number(value) >= least) return Number(value);
    throw new UsageError(`--${name} expects a whole number from ${least} on, got ${JSON.stringify(value)}`);
  }

  /** Milliseconds, if a duration is given. */
  duration(name: string, least?: 0): number | undefined {
    const value = this.text(name);
    return value === undefined ? undefined : milliseconds(value, `--${name}`, least);
  }
}

/** Where the words begin: what follows them is for the guest, whatever it looks like. */
function wordsFrom(args: readonly string[], options: Options): number {
  const { tokens } = parseArgs({ args: [...args], options, strict: false, tokens: true });
  const first = tokens.find(({ kind }) => kind === "positional" || kind === "option-terminator");
  return first?.index ?? args.length;
}

/** Variables as `--env` has them. @throws {UsageError} */
export function variables(given: Given): Readonly<Record<string, string>> {
  const entries = given.texts("env").flatMap((text): [string, string][] => {
    const at = text.indexOf("=");
    const name = at < 0 ? text : text.slice(0, at);
    const value = at < 0 ? process.env[name] : text.slice(at + 1);
    if (name === "") throw new UsageError(`--env expects NAME=VALUE or NAME, got ${JSON.stringify(text)}`);
    return value === undefined ? [] : [[name, value]];
  });
  return Object.fromEntries(entries);
}

/** A stream, or a subject of it. @throws {UsageError} */
export function place(text: string): { readonly stream: string; readonly subject?: string } {
  const [stream, subject] = streamAnd(text, "STREAM or STREAM/SUBJECT");
  return subject === undefined ? { stream } : { stream, subject };
}

/** The two parts of STREAM/OTHER. @throws {UsageError} */
export function streamAnd(text: string, what: string): readonly [stream: string, other: string | undefined] {
  const [stream = "", other, ...more] = text.split("/");
  if (stream === "" || other === "" || more.length > 0) {
    throw new UsageError(`Expected ${what}, got ${JSON.stringify(text)}`);
  }
  return [stream, other];
}
