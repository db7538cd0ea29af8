/** The options of the command: the one table behind parsing, messages and help. docs/cli.md is held to it by a test. */

export type OptionName =
  | "dir"
  | "ro-dir"
  | "env"
  | "inherit-env"
  | "invoke"
  | "plug"
  | "net"
  | "connect"
  | "listen"
  | "deny-private"
  | "http"
  | "addr"
  | "shutdown-addr"
  | "reuse"
  | "max-instance-reuse-count"
  | "max-instance-concurrent-reuse-count"
  | "idle-instance-timeout"
  | "max-concurrent-requests"
  | "max-concurrent-connections"
  | "max-waiting-requests"
  | "max-waiting-time"
  | "max-stall-time"
  | "max-body-bytes"
  | "max-memory-bytes"
  | "header"
  | "tls-cert"
  | "tls-key"
  | "workers"
  | "access-log"
  | "no-logging-prefix"
  | "wasi"
  | "argv0"
  | "stats"
  | "progress"
  | "trace"
  | "timeout"
  | "wasm"
  | "permits"
  | "limit"
  | "json"
  | "output"
  | "version"
  | "help";

interface Described {
  readonly name: OptionName;
  /** Of one letter. */
  readonly short?: string;
  /** What the value is, as help and the documentation write it; an option without one has none. */
  readonly value?: string;
  /** What is said if the value is missing, or no such value. */
  readonly expected?: string;
  /** For the help of `run`, or of the command that it is `for`; nothing if it has none. */
  readonly help?: string;
  /** The one command that knows it. Missing: `run`, and `serve` where that makes sense. */
  readonly for?: "serve";
}

/** In the order of the help. */
export const OPTIONS: readonly Described[] = [
  {
    name: "dir",
    value: "HOST[::GUEST]",
    expected: "HOST or HOST::GUEST, such as --dir .::/work",
    help: "Gives the guest a directory, under another name too.",
  },
  {
    name: "ro-dir",
    value: "HOST[::GUEST]",
    expected: "HOST or HOST::GUEST, such as --ro-dir .::/work",
    help: "The same, only to be read.",
  },
  {
    name: "env",
    value: "NAME[=VALUE]",
    expected: "NAME=VALUE, or NAME to pass on your own",
    help: "Sets a variable, or passes on; --inherit-env: all.",
  },
  { name: "inherit-env" },
  {
    name: "invoke",
    value: "'f(1, \"x\")'",
    expected: "a call, such as --invoke 'f(1, \"x\")'",
    help: "Calls a function, and prints its result.",
  },
  {
    name: "plug",
    value: "LIB.wasm",
    expected: "a component whose exports are imports, such as --plug lib.wasm",
    help: "Gives what it exports to whoever imports that.",
  },
  { name: "net", help: "The network; --deny-private: no private peers." },
  {
    name: "connect",
    value: "HOST[:PORT]",
    expected: "HOST or CIDR, with :PORT or without, such as --connect example.com:443",
    help: "Lets it reach an address, a range or a name.",
  },
  {
    name: "listen",
    value: "[ADDR:]PORT",
    expected: "[ADDRESS:]PORT, such as --listen 127.0.0.1:8080",
    help: "Lets it listen there.",
  },
  { name: "deny-private" },
  {
    name: "http",
    value: "HOST[:PORT]",
    expected: "HOST or CIDR, with :PORT or without, or '*', such as --http example.com",
    help: "Lets it send requests there; '*': everywhere.",
  },
  {
    name: "addr",
    for: "serve",
    value: "[ADDRESS:]PORT",
    expected: "[ADDRESS:]PORT, such as --addr 0.0.0.0:8080",
    help: "Where to listen: 127.0.0.1:8080.",
  },
  {
    name: "shutdown-addr",
    for: "serve",
    value: "[ADDRESS:]PORT",
    expected: "[ADDRESS:]PORT, such as --shutdown-addr 127.0.0.1:8081",
    help: "Whoever connects there ends it, as SIGTERM does.",
  },
  {
    name: "reuse",
    for: "serve",
    value: "NUMBER",
    expected: "a whole number from 1 on, such as --reuse 1000",
    help: "Requests that one instance answers in turn: 1.",
  },
  // As in Wasmtime: the same.
  {
    name: "max-instance-reuse-count",
    for: "serve",
    value: "NUMBER",
    expected: "a whole number from 1 on, such as --max-instance-reuse-count 1000",
  },
  {
    name: "max-instance-concurrent-reuse-count",
    for: "serve",
    value: "N",
    expected: "a whole number from 1 on, such as --max-instance-concurrent-reuse-count 16",
    help: "Of these, at the same time, in WASI 0.3.",
  },
  {
    name: "idle-instance-timeout",
    for: "serve",
    value: "DURATION",
    expected: "a duration, such as --idle-instance-timeout 10s",
    help: "How long an instance is kept for more.",
  },
  {
    name: "max-concurrent-requests",
    for: "serve",
    value: "N",
    expected: "a whole number from 1 on, such as --max-concurrent-requests 100",
    help: "More wait: 1000.",
  },
  {
    name: "max-concurrent-connections",
    for: "serve",
    value: "N",
    expected: "a whole number from 1 on, such as --max-concurrent-connections 1000",
    help: "More wait.",
  },
  {
    name: "max-waiting-requests",
    for: "serve",
    value: "N",
    expected: "a whole number from 1 on, such as --max-waiting-requests 100",
    help: "More are refused, by 503: 10000.",
  },
  {
    name: "max-waiting-time",
    for: "serve",
    value: "DURATION",
    expected: "a duration, such as --max-waiting-time 5s",
    help: "Of a request; then it is refused, by 503: 30s.",
  },
  {
    name: "max-stall-time",
    for: "serve",
    value: "DURATION",
    expected: "a duration, such as --max-stall-time 10s",
    help: "Of a client that sends no more, or takes nothing: 60s.",
  },
  {
    name: "max-body-bytes",
    for: "serve",
    value: "N",
    expected: "a whole number from 1 on, such as --max-body-bytes 1048576",
    help: "Of a request; more is refused, by 413.",
  },
  {
    name: "max-memory-bytes",
    for: "serve",
    value: "N",
    expected: "a whole number from 1 on, such as --max-memory-bytes 134217728",
    help: "Of each memory of an instance.",
  },
  {
    name: "header",
    short: "H",
    for: "serve",
    value: "'NAME: VALUE'",
    expected: "NAME: VALUE, or @FILE with one on each line, such as --header 'x-by: me'",
    help: "A field of each request, in the place of its own; or @FILE.",
  },
  {
    name: "tls-cert",
    for: "serve",
    value: "FILE",
    expected: "a file in PEM, such as --tls-cert cert.pem",
    help: "Serves HTTPS; with --tls-key FILE.",
  },
  {
    name: "tls-key",
    for: "serve",
    value: "FILE",
    expected: "a file in PEM, such as --tls-key key.pem",
  },
  {
    name: "workers",
    for: "serve",
    value: "NUMBER",
    expected: "a whole number from 1 on, such as --workers 4, or auto",
    help: "Processes that share the port: 1; auto is one a core.",
  },
  { name: "access-log", for: "serve", help: "A line on stderr for each request." },
  { name: "no-logging-prefix", for: "serve", help: "Output of guests as it is, without their number." },
  // As in Wasmtime: see wasmtime-words.ts.
  {
    name: "wasi",
    short: "S",
    value: "SWITCH",
    expected: "inherit-network, tcp, udp, allow-ip-name-lookup, http or inherit-env, such as -S inherit-network",
  },
  {
    name: "argv0",
    value: "NAME",
    expected: "a name, such as --argv0 app",
    help: "What the guest sees as its own name.",
  },
  { name: "stats", help: "Shows at the end what each stream carried." },
  { name: "progress", help: "Shows what flows, while it does, on a terminal." },
  { name: "trace", help: "Shows each WASI call and its result on stderr." },
  {
    name: "timeout",
    value: "DURATION",
    expected: "a duration, such as --timeout 30s",
    help: "Ends the guest then: 30s, 500ms, 2m, or seconds.",
  },
  { name: "wasm", short: "W", value: "timeout=DURATION", expected: "timeout=DURATION, such as -W timeout=30s" },
  {
    name: "permits",
    value: "budget",
    expected: '"strict" or "budget"',
    help: "Lets several writes share one check-write.",
  },
  {
    name: "limit",
    value: "NAME=NUMBER",
    expected: "NAME=NUMBER, such as --limit resources=1000",
    help: "Changes a limit, such as resources.",
  },
  { name: "json" },
  { name: "output", short: "o", value: "DIR", expected: "a folder, such as -o app" },
  { name: "version", short: "V" },
  { name: "help", short: "h", help: "Shows this." },
];

/** As it is typed, with its value: `--dir HOST[::GUEST]`. */
export function usageOf({ name, value }: Described): string {
  return value === undefined ? `--${name}` : `--${name} ${value}`;
}

const HELP_COLUMN = 25;
const LINE = 79;

/** Those of a command as lines of help. */
export function optionsHelp(command: "run" | "serve"): string {
  return OPTIONS.filter((option) => (option.for ?? "run") === command)
    .flatMap((option) => (option.help === undefined ? [] : [helpOf(option, option.help)]))
    .join("");
}

/** Those that only `serve` knows. */
export const SERVE_OPTIONS: ReadonlySet<OptionName> = new Set(
  OPTIONS.filter((option) => option.for === "serve").map(({ name }) => name),
);

function helpOf(option: Described, help: string): string {
  const indent = " ".repeat(HELP_COLUMN);
  const usage = `  ${usageOf(option)}`;
  const first = usage.length < HELP_COLUMN ? usage.padEnd(HELP_COLUMN) : `${usage}\n${indent}`;
  const lines = [""];
  for (const word of help.split(" ")) {
    const line = lines.at(-1) ?? "";
    if (HELP_COLUMN + line.length + word.length + 1 > LINE) lines.push(word);
    else lines[lines.length - 1] = line === "" ? word : `${line} ${word}`;
  }
  return `${first}${lines.join(`\n${indent}`)}\n`;
}
