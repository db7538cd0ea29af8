/** What the command line asks for. */
import { DEFAULT_LIMITS, type Limits } from "../io/limits.ts";
import type { PermitMode } from "../io/permit.ts";
import { listenAddress } from "./address.ts";
import { leadingOptions, type GivenOption } from "./arguments.ts";
import { splitAssignment } from "./assignment.ts";
import { SERVE_OPTIONS, type OptionName } from "./options.ts";
import { httpGrant, networkGrant, type HttpGrant, type NetworkGrant } from "./network.ts";
import { milliseconds } from "./duration.ts";
import { UsageError } from "./usage.ts";
import { switchesOf, timeoutIn } from "./wasmtime-words.ts";

export type Command =
  | { readonly name: "run"; readonly options: RunOptions; readonly path: string; readonly args: readonly string[] }
  | { readonly name: "serve"; readonly options: ServeCommandOptions; readonly path: string }
  | { readonly name: "build"; readonly path: string; readonly output: string }
  | { readonly name: "types"; readonly path: string }
  | { readonly name: "inspect"; readonly path: string; readonly json: boolean }
  | { readonly name: "nats"; readonly verb: NatsVerb; readonly args: readonly string[] }
  | { readonly name: "help"; readonly topic: Topic }
  | { readonly name: "version" };

/** What there is help about. */
export type Topic = "sluice" | "run" | "serve" | "build" | Inspecting | NatsVerb;

/** Commands that run nothing. */
type Inspecting = "types" | "inspect";

/** Commands that need a broker: they have options of their own, in nats/given.ts. */
export type NatsVerb = "work" | "pipe" | "put" | "get";

export interface RunOptions {
  readonly argv0: string | undefined;
  readonly env: Readonly<Record<string, string>>;
  /** A call to make in the place of `run`. */
  readonly invoke: string | undefined;
  /** Paths of components whose exports are imports of the one that runs, and of those that follow. */
  readonly plugs: readonly string[];
  readonly limits: Partial<Limits>;
  /** Missing: it has none. */
  readonly network: NetworkGrant | undefined;
  /** Missing: it sends no requests. */
  readonly http: HttpGrant | undefined;
  readonly permits: PermitMode;
  readonly preopens: Readonly<Record<string, { readonly directory: string; readonly readOnly: boolean }>>;
  readonly progress: boolean;
  readonly stats: boolean;
  /** Milliseconds. */
  readonly timeout: number | undefined;
  readonly trace: boolean;
}

export interface ServeCommandOptions extends RunOptions {
  readonly host: string;
  readonly port: number;
  /** Whoever connects there ends it. Missing: signals alone do. */
  readonly shutdown: { readonly host: string; readonly port: number } | undefined;
  readonly reuse: number;
  /** Requests that one instance answers at the same time. Missing: as many as `reuse` says. */
  readonly maxPerInstance: number | undefined;
  /** Milliseconds. Missing: as long as it serves. */
  readonly maxIdleTime: number | undefined;
  readonly maxConcurrent: number;
  /** Missing: as many as there are. */
  readonly maxConnections: number | undefined;
  readonly maxWaiting: number;
  /** Milliseconds. */
  readonly maxWaitingTime: number;
  /** Milliseconds. */
  readonly maxStallTime: number;
  /** Of a request. Missing: as many as please. */
  readonly maxBodyBytes: number | undefined;
  /** Of each memory of an instance. Missing: what the component says. */
  readonly maxMemoryBytes: number | undefined;
  /** What each request is given: see header.ts. */
  readonly headers: readonly string[];
  /** Paths. Missing: without TLS. */
  readonly tls: { readonly cert: string; readonly key: string } | undefined;
  readonly workers: number;
  readonly accessLog: boolean;
  /** Whether what guests write to standard output and error has their number before each line. */
  readonly prefix: boolean;
}

/**
 * @param args What follows the name of the program.
 * @param env Where `--env NAME` looks.
 * @throws {UsageError} If they make no sense.
 */
export function commandOf(args: readonly string[], env: Readonly<Record<string, string | undefined>>): Command {
  const first = leadingOptions(args);
  const [word, ...after] = first.rest;
  const command = first.terminated ? undefined : word;
  if (command === "help") return help(after[0]);
  if (asks(first.options, "help")) return help(isTopic(command) ? command : undefined);
  if (asks(first.options, "version")) return { name: "version" };
  if (command === "types" || command === "inspect") return inspecting(command, first.options, after);
  if (isNatsVerb(command)) return onBroker(command, first.options, after);
  if (command === "build") return building(first.options, after);
  if (command !== "run" && command !== "serve") return runCommand(first.options, first.rest, env);
  const second = leadingOptions(after, command);
  if (asks(second.options, "help")) return help(command);
  if (command === "serve") return serveCommand([...first.options, ...second.options], second.rest, env);
  return runCommand([...first.options, ...second.options], second.rest, env);
}

function asks(options: readonly GivenOption[], name: OptionName): boolean {
  return options.some((option) => option.name === name);
}

function help(topic: string | undefined): Command {
  if (topic === undefined || topic === "help") return { name: "help", topic: "sluice" };
  if (isTopic(topic)) return { name: "help", topic };
  throw new UsageError(
    `There is no help about ${JSON.stringify(topic)}: expected "run", "serve", "build", "types", "inspect", "work", ` +
      '"pipe", "put", "get" or nothing',
  );
}

function isTopic(word: string | undefined): word is Topic {
  return (
    word === "run" || word === "serve" || word === "build" || word === "types" || word === "inspect" || isNatsVerb(word)
  );
}

function isNatsVerb(word: string | undefined): word is NatsVerb {
  return word === "work" || word === "pipe" || word === "put" || word === "get";
}

function onBroker(verb: NatsVerb, [before]: readonly GivenOption[], args: readonly string[]): Command {
  if (before) throw new UsageError(`${before.typed} says nothing before \`sluice ${verb}\`: its options follow it`);
  return args[0] === "--help" || args[0] === "-h" ? help(verb) : { name: "nats", verb, args };
}

function inspecting(name: Inspecting, before: readonly GivenOption[], args: readonly string[]): Command {
  const second = leadingOptions(args, name);
  if (asks(second.options, "help")) return help(name);
  const [path, ...more] = second.rest;
  if (path === undefined) throw noComponent([...before, ...second.options], `try \`sluice ${name} app.wasm\``);
  // Options may follow the component: there is no guest that they could be for.
  const after = leadingOptions(more, name);
  const [another] = after.rest;
  if (another !== undefined) {
    throw new UsageError(`\`sluice ${name}\` expects one component, got also ${JSON.stringify(another)}`);
  }
  const options = [...before, ...second.options, ...after.options];
  const foreign = options.find((option) => option.name !== "json" || name !== "inspect");
  if (foreign) throw new UsageError(`${foreign.typed} says nothing to \`sluice ${name}\`: see \`sluice help ${name}\``);
  return name === "types" ? { name, path } : { name, path, json: options.length > 0 };
}

function building(before: readonly GivenOption[], args: readonly string[]): Command {
  const second = leadingOptions(args, "build");
  const [path, ...more] = second.rest;
  // As for those that inspect: options may follow the component.
  const after = leadingOptions(more, "build");
  const options = [...before, ...second.options, ...after.options];
  if (asks(options, "help")) return help("build");
  if (path === undefined) throw noComponent(options, "try `sluice build app.wasm -o app`");
  const [another] = after.rest;
  if (another !== undefined) {
    throw new UsageError(`\`sluice build\` expects one component, got also ${JSON.stringify(another)}`);
  }
  const foreign = options.find(({ name }) => name !== "output");
  if (foreign) throw new UsageError(`${foreign.typed} says nothing to \`sluice build\`: see \`sluice help build\``);
  const output = options.at(-1)?.value;
  if (output === undefined || output === "") throw new UsageError("Expected a folder for what is built: try -o app");
  return { name: "build", path, output };
}

/** Nothing is left that would be the component: an option that needs a value takes the word behind it. */
function noComponent(given: readonly GivenOption[], advice: string): UsageError {
  const last = given.at(-1);
  const taken =
    last?.value.endsWith(".wasm") === true ? `${last.value} was taken for the value of ${last.typed}; ` : "";
  return new UsageError(`Expected a component, got none: ${taken}${advice}`);
}

/** Options that are for another command. */
const ELSEWHERE: Partial<Readonly<Record<OptionName, string>>> = { json: "inspect", output: "build" };

function runCommand(
  given: readonly GivenOption[],
  rest: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Command {
  const [path, ...args] = rest;
  if (path === undefined) throw noComponent(given, "try `sluice run app.wasm`, or `sluice --help`");
  const foreign = given.find(({ name }) => ELSEWHERE[name] !== undefined || SERVE_OPTIONS.has(name));
  if (foreign) {
    const other = ELSEWHERE[foreign.name] ?? "serve";
    throw new UsageError(`${foreign.typed} says nothing to \`sluice run\`: it is for \`sluice ${other}\``);
  }
  return { name: "run", options: runOptions(given, env), path, args };
}

/** What makes sense for one run alone. */
const NOT_SERVED: ReadonlySet<OptionName> = new Set(["json", "output", "invoke", "argv0", "stats", "progress"]);

function serveCommand(
  given: readonly GivenOption[],
  rest: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Command {
  const [path, another] = rest;
  if (path === undefined) throw noComponent(given, "try `sluice serve app.wasm`");
  if (another !== undefined) {
    throw new UsageError(`\`sluice serve\` expects one component, got also ${JSON.stringify(another)}`);
  }
  const foreign = given.find(({ name }) => NOT_SERVED.has(name));
  if (foreign) throw new UsageError(`${foreign.typed} says nothing to \`sluice serve\`: see \`sluice help serve\``);
  const valueOf = (name: OptionName): string | undefined => given.findLast((option) => option.name === name)?.value;
  const shutdown = valueOf("shutdown-addr");
  const idle = valueOf("idle-instance-timeout");
  const reuse = given.findLast(({ name }) => name === "reuse" || name === "max-instance-reuse-count");
  const options: ServeCommandOptions = {
    ...runOptions(given, env),
    ...listenAddress(valueOf("addr") ?? DEFAULT_ADDRESS, "--addr", "0.0.0.0:8080"),
    shutdown: shutdown === undefined ? undefined : listenAddress(shutdown, "--shutdown-addr", "127.0.0.1:8081"),
    reuse: wholeNumber(reuse?.value ?? "1", reuse?.typed ?? "--reuse"),
    maxPerInstance: optionalNumber(
      valueOf("max-instance-concurrent-reuse-count"),
      "--max-instance-concurrent-reuse-count",
    ),
    maxIdleTime: idle === undefined ? undefined : milliseconds(idle, "--idle-instance-timeout", 0),
    maxConnections: optionalNumber(valueOf("max-concurrent-connections"), "--max-concurrent-connections"),
    maxConcurrent: wholeNumber(valueOf("max-concurrent-requests") ?? "1000", "--max-concurrent-requests"),
    maxWaiting: wholeNumber(valueOf("max-waiting-requests") ?? "10000", "--max-waiting-requests"),
    maxWaitingTime: milliseconds(valueOf("max-waiting-time") ?? "30s", "--max-waiting-time"),
    maxStallTime: milliseconds(valueOf("max-stall-time") ?? "60s", "--max-stall-time"),
    maxBodyBytes: optionalNumber(valueOf("max-body-bytes"), "--max-body-bytes"),
    maxMemoryBytes: optionalNumber(valueOf("max-memory-bytes"), "--max-memory-bytes"),
    headers: given.flatMap(({ name, value }) => (name === "header" ? [value] : [])),
    tls: tlsFiles(valueOf("tls-cert"), valueOf("tls-key")),
    workers: workersOf(valueOf("workers") ?? "1"),
    accessLog: asks(given, "access-log"),
    prefix: !asks(given, "no-logging-prefix"),
  };
  return { name: "serve", options, path };
}

/** @param text A number, or "auto": as many as the machine runs at a time. */
function workersOf(text: string): number {
  if (text === "auto") return process.getBuiltinModule("node:os").availableParallelism();
  const count = wholeNumber(text, "--workers", ", or auto");
  if (count <= MAX_WORKERS) return count;
  throw new UsageError(`--workers expects at most ${MAX_WORKERS}, got ${text}: each is a process`);
}

/** More than the cores of large machines. */
const MAX_WORKERS = 1024;

function tlsFiles(cert: string | undefined, key: string | undefined): ServeCommandOptions["tls"] {
  if (cert === undefined && key === undefined) return undefined;
  if (cert !== undefined && key !== undefined) return { cert, key };
  throw new UsageError("--tls-cert and --tls-key belong together: a certificate and its key, each a file in PEM");
}

const DEFAULT_ADDRESS = "127.0.0.1:8080";

function optionalNumber(text: string | undefined, option: string): number | undefined {
  return text === undefined ? undefined : wholeNumber(text, option);
}

/** @param others What else there may be, for the message. */
function wholeNumber(text: string, option: string, others: string = ""): number {
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
  throw new UsageError(`${option} expects a whole number from 1 on${others}, got ${JSON.stringify(text)}`);
}

function runOptions(given: readonly GivenOption[], env: Readonly<Record<string, string | undefined>>): RunOptions {
  let argv0: string | undefined;
  let permits: PermitMode = "strict";
  let invoke: string | undefined;
  let timeout: number | undefined;
  const plugs: string[] = [];
  const variables = new Map<string, string>();
  const limits: Partial<Record<keyof Limits, number>> = {};
  const preopens = new Map<string, RunOptions["preopens"][string]>();
  for (const { name, value } of given) {
    if (name === "argv0") argv0 = value;
    if (name === "permits") permits = permitMode(value);
    if (name === "limit") setLimit(limits, value);
    if (name === "invoke") invoke = value;
    if (name === "timeout") timeout = milliseconds(value, "--timeout");
    if (name === "wasm") timeout = timeoutIn(value) ?? timeout;
    if (name === "plug") plugs.push(value);
    if (name === "inherit-env" || (name === "wasi" && new Map(switchesOf(value)).get("inherit-env"))) {
      for (const [key, own = ""] of Object.entries(env)) variables.set(key, own);
    }
    if (name === "env") setVariable(variables, value, env);
    if (name === "dir" || name === "ro-dir") setPreopen(preopens, value, name);
  }
  return {
    argv0,
    env: Object.fromEntries(variables),
    invoke,
    plugs,
    limits,
    network: networkGrant(given),
    http: httpGrant(given),
    permits,
    preopens: Object.fromEntries(preopens),
    progress: asks(given, "progress"),
    stats: asks(given, "stats"),
    timeout,
    trace: asks(given, "trace"),
  };
}

function permitMode(value: string): PermitMode {
  if (value === "strict" || value === "budget") return value;
  throw new UsageError(`--permits expects "strict" or "budget", got ${JSON.stringify(value)}`);
}

function setLimit(limits: Partial<Record<keyof Limits, number>>, text: string): void {
  const [name, value] = splitAssignment(text);
  const known = Object.keys(DEFAULT_LIMITS);
  if (!Object.hasOwn(DEFAULT_LIMITS, name)) {
    throw new UsageError(`--limit expects NAME=NUMBER with one of ${known.join(", ")}; got ${JSON.stringify(text)}`);
  }
  if (value === undefined || !/^[0-9]+$/.test(value) || !Number.isSafeInteger(Number(value)) || Number(value) < 1) {
    throw new UsageError(`--limit ${name} expects a whole number from 1 on, got ${JSON.stringify(value ?? "")}`);
  }
  limits[name as keyof Limits] = Number(value);
}

/** HOST::GUEST, or HOST for both, as in Wasmtime. */
function setPreopen(
  preopens: Map<string, RunOptions["preopens"][string]>,
  text: string,
  option: "dir" | "ro-dir",
): void {
  const [directory = "", guest = directory, ...more] = text.split("::");
  if (directory === "" || guest === "" || more.length > 0) {
    throw new UsageError(`--${option} expects HOST or HOST::GUEST, got ${JSON.stringify(text)}`);
  }
  preopens.set(guest, { directory, readOnly: option === "ro-dir" });
}

/** NAME alone passes on what we have; if that is nothing, the guest has nothing either. */
function setVariable(
  variables: Map<string, string>,
  text: string,
  env: Readonly<Record<string, string | undefined>>,
): void {
  const [name, value = env[name]] = splitAssignment(text);
  if (name === "") throw new UsageError(`--env expects NAME=VALUE or NAME, got ${JSON.stringify(text)}`);
  if (value !== undefined) variables.set(name, value);
}
