/** `sluice serve`: a component that answers HTTP. */
import { messageOf } from "../io/cause.ts";
import { deferred } from "../io/deferred.ts";
import { readFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { closedSource } from "../io/memory.ts";
import { Note } from "../io/note.ts";
import type { Sink } from "../io/ports.ts";
import { PushSink } from "../io/push-sink.ts";
import { nodePlatform } from "../hosts/node/platform.ts";
import { cohort } from "../hosts/node/http/cohort.ts";
import type { Answer, Begun, Failed } from "../hosts/node/http/exchange.ts";
import { httpServer, type HttpServer, type TlsFiles } from "../hosts/node/http/server.ts";
import type { HttpRequest } from "../wasi/http/exchange.ts";
import { HttpError } from "../wasi/http/error-code.ts";
import { compile } from "../run/compile.ts";
import type { InstanceOptions } from "../run/options.ts";
import type { OpenedOutput, OpenedStandard, StandardOptions } from "../run/platform.ts";
import { Serving, type Elsewhere } from "../run/serve/serve.ts";
import { canSuspend } from "../wait/suspension.ts";
import { inUrl } from "./address.ts";
import type { Command, ServeCommandOptions } from "./command.ts";
import { dressOf, type Dress } from "./header.ts";
import { LinePrefix } from "./line-prefix.ts";
import { listenAt } from "./listen.ts";
import { plugsAt } from "./plugs.ts";
import { readComponent } from "./read.ts";
import { reportRun } from "./run-failure.ts";
import { onSignal } from "./signals.ts";
import { UsageError } from "./usage.ts";
import { print, say, sayOnLine } from "./write.ts";

type Given = Command & { readonly name: "serve" };

/**
 * Serves until a signal comes and all is answered; gives the exit code.
 *
 * @param keep Keeps what V8 has compiled by now: many servers end by a signal of which they hear nothing.
 */
export async function serveComponent(command: Given, keep: () => void): Promise<number> {
  const { workers, port, shutdown, headers } = command.options;
  // Before anybody else is started, who would say the same of what is wrong with them.
  const dress = dressOf(headers);
  // Loaded for those alone who want it: it takes 6 ms.
  if (workers > 1 && process.getBuiltinModule("node:cluster").isPrimary) {
    const { superviseWorkers } = await import("./workers.ts");
    return superviseWorkers(workers, port, shutdown);
  }
  try {
    return await serveHere(command, dress, keep);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    return reportRun(error, command.path);
  } finally {
    // As one of several workers it would be kept for the messages of the first process.
    if (workers > 1 && process.connected) process.disconnect?.();
  }
}

/** Where the only way for guests to wait is in threads of their own. */
async function answeringInThreads(bytes: Uint8Array, maxMemoryBytes: number | undefined): Promise<Elsewhere> {
  const [{ nodeThreads }, { threadedHandlers }] = await Promise.all([
    import("../hosts/node/isolate/threads.ts"),
    import("../hosts/isolate/handlers.ts"),
  ]);
  return threadedHandlers(nodeThreads, bytes, maxMemoryBytes);
}

async function serveHere({ options, path }: Given, dress: Dress | undefined, keep: () => void): Promise<number> {
  const bytes = readComponent(path);
  const inThreads = canSuspend() ? undefined : await answeringInThreads(bytes, options.maxMemoryBytes);
  const compiling = compile(bytes, inThreads ? undefined : options);
  // Large modules are compiled by other threads meanwhile.
  setImmediate(() => void process.getBuiltinModule(options.tls ? "node:https" : "node:http"));
  const component = await compiling;
  let instances = 0;
  const failed = (error: unknown, { method, path: asked }: HttpRequest): void => {
    if (error instanceof HttpError) say(`sluice: ${path}: ${method} ${asked}: ${saidOf(error)}\n`);
    else reportRun(error, `${path}: ${method} ${asked}`);
  };
  const serving = new Serving(
    { ...nodePlatform, standard },
    component,
    (isPlug) => instanceOptions(options, isPlug ? instances - 1 : instances++),
    { ...options, plugs: await plugsAt(options.plugs, component), onError: failed },
    inThreads,
  );
  await serving.prepare(() => instanceOptions(options, 0));
  let hasAnswered = false;
  const answering: Answer = (request, leaving) => {
    if (!hasAnswered) setTimeout(() => keepOf(keep), KEEP_MS).unref();
    hasAnswered = true;
    return serving.answer(dress ? dress(request) : request, leaving);
  };
  const [answer, begun] = options.accessLog ? logged(answering) : [answering];
  const { server, close, closeIdle } = listener(
    answer,
    begun,
    (error, request) => void serving.failed(error, request),
    options,
  );
  const asWorker = options.workers > 1 ? await import("./workers.ts") : undefined;
  const given = (await asWorker?.portToListen()) ?? options.port;
  await listenAt(server, options.host, given, "--addr");
  // Whoever reads that it serves may end it at once.
  const hear = asWorker?.onEnd ?? onSignal;
  const ending = deferred<void>();
  hear(() => ending.resolve());
  if (options.shutdown && !asWorker) {
    const { onConnection } = await import("./shutdown.ts");
    await onConnection(options.shutdown, ending.resolve);
  }
  const { address, port } = server.address() as AddressInfo;
  const scheme = options.tls ? "https" : "http";
  say(`Serving HTTP on ${scheme}://${inUrl(address)}:${port}/\n`);
  countMemories(true);
  await ending.promise;
  // No more are taken; those that were begun are answered, and the connections that wait for more let go.
  const closed = close();
  await cohort.begun();
  await serving.drained();
  closeIdle();
  // What has come in part comes whole, and is answered too.
  await closed;
  await serving.close();
  // For what is kept at the end, as in `keepOf`.
  countMemories(false);
  return 0;
}

/** @throws {UsageError} For a certificate or a key that is none. */
function listener(
  answer: Answer,
  begun: Begun | undefined,
  failed: Failed,
  { tls, maxStallTime, maxConnections }: ServeCommandOptions,
): HttpServer {
  if (!tls) return httpServer(answer, failed, undefined, maxStallTime, begun, maxConnections);
  const files = { cert: readPem("--tls-cert", tls.cert), key: readPem("--tls-key", tls.key) };
  try {
    assertPair(files);
    return httpServer(answer, failed, files, maxStallTime, begun, maxConnections);
  } catch (cause) {
    throw new UsageError(`--tls-cert and --tls-key expect a certificate and its key in PEM: ${messageOf(cause)}`);
  }
}

/** Node takes a key of another kind than the certificate's, and then no client can shake hands. @throws If they are no pair. */
function assertPair({ cert, key }: TlsFiles): void {
  const { createPrivateKey, X509Certificate } = process.getBuiltinModule("node:crypto");
  if (!new X509Certificate(cert).checkPrivateKey(createPrivateKey(Buffer.from(key)))) {
    throw new Error("the key is that of another certificate");
  }
}

function readPem(option: string, path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new UsageError(`${option} expects a file in PEM: ${messageOf(cause)}`);
  }
}

/** The first V8 that is known to have the flag below; one that does not know a flag says so to the user. */
const V8_WITH_FLAG = 14;

/**
 * Has V8 count the memories of guests as it counts its heap: it collects when all of that has grown by a part of itself.
 * Without this it does for each 32 MiB of them, so that many instances at a time, of which none is garbage, are looked
 * through again and again: 5,000 took 20 ms each in the end.
 */
function countMemories(isOn: boolean): void {
  if (Number.parseInt(process.versions.v8, 10) < V8_WITH_FLAG) return;
  const flag = `--${isOn ? "" : "no-"}external-memory-accounted-in-global-limit`;
  process.getBuiltinModule("node:v8").setFlagsFromString(flag);
}

/** Of what kept a guest from answering: a message of ours says all. */
function saidOf({ message, payload: { tag } }: HttpError): string {
  return message.startsWith("the guest ") ? message : `the guest answered with the error ${message || tag}`;
}

/** After the first request: how long until what V8 has compiled is kept, which takes some milliseconds. */
const KEEP_MS = 1000;

/** What is kept while the flag is set would be refused by a process that begins without it. */
function keepOf(keep: () => void): void {
  countMemories(false);
  keep();
  countMemories(true);
}

function instanceOptions(options: ServeCommandOptions, number: number): InstanceOptions<unknown, unknown> {
  return {
    // As Wasmtime has it.
    env: { INSTANCE_ID: String(number), ...options.env },
    preopens: options.preopens,
    stdin: "ignore",
    stdout: outputOf(options, "stdout", number, print),
    stderr: outputOf(options, "stderr", number, sayOnLine),
    limits: options.limits,
    permits: options.permits,
    network: options.network ?? false,
    http: options.http ?? false,
    trace: options.trace
      ? (name: string, _: unknown, outcome: string) => say(`[${number}] ${name} ${outcome}\n`)
      : undefined,
  };
}

function outputOf(
  { prefix }: ServeCommandOptions,
  stream: "stdout" | "stderr",
  number: number,
  write: (what: string | Uint8Array) => void,
): Sink {
  // Without, as it is: what is one character may come in two pieces, and other bytes may be no text.
  return prefix ? new LinePrefix(stream, number, write) : new PushSink(write);
}

/** Streams of ours: nobody looks what they are, and what they do, for each request. */
function standard({ stdout, stderr }: StandardOptions): OpenedStandard {
  // As `outputOf` gives it.
  const output = (sink: unknown): OpenedOutput => ({ sink: sink as Sink, isTerminal: false });
  return {
    stdin: { source: closedSource(), isTerminal: false },
    stdout: output(stdout),
    stderr: output(stderr),
  };
}

/** A line for each request, in the manner of other servers: what its client is answered with. */
function logged(answer: Answer): readonly [Answer, Begun] {
  const starts = new Note<HttpRequest, number>();
  return [
    (request, leaving) => {
      starts.set(request, performance.now());
      return answer(request, leaving);
    },
    (request, status) => {
      const now = performance.now();
      // One that has left by then nobody was asked for.
      const ms = (now - (starts.get(request) ?? now)).toFixed(1);
      say(`${new Date().toISOString()} ${request.method} ${request.path} ${status ?? "left"} ${ms} ms\n`);
    },
  ];
}
