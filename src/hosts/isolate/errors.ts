/** Errors that go from one thread to another, and are there what they were here. */
import { InternalError } from "../../io/trap.ts";
import { WitError } from "../../io/errors.ts";
import { PeerClosed } from "../../io/ports.ts";
import { RuntimeError, Trap } from "../../io/trap.ts";
import { UnsupportedComponentError } from "../../load/unsupported.ts";
import { InvalidComponentError } from "../../load/invalid-component.ts";
import { UnsupportedRuntimeError } from "../../io/unsupported-runtime.ts";
import { MissingImportsError } from "../../run/missing-imports.ts";
import { ExitError, TimeoutError } from "../../run/life.ts";
import { NotACommandError } from "../../run/run.ts";
import { PreopenError } from "../../run/world.ts";
import { NotAHandlerError } from "../../run/serve/not-a-handler.ts";
import { FileError } from "../../wasi/filesystem/files.ts";
import { HttpError } from "../../wasi/http/error-code.ts";
import { NetworkError, SocketError } from "../../wasi/sockets/error-code.ts";
import { RING_ERROR_BYTES } from "./ring.ts";
import { bytesOfValue, valueInBytes } from "./values.ts";

/** What a thrown value is on its way. */
export type WireError =
  | { readonly is: "value"; readonly value: unknown }
  | {
      readonly is: "error";
      /** Of the class. */
      readonly kind: string;
      readonly message: string;
      readonly stack: string | undefined;
      readonly cause: WireError | undefined;
      /** Its own properties, as far as they can cross. */
      readonly properties: Readonly<Record<string, unknown>>;
    };

const CLASSES: Readonly<Record<string, { readonly prototype: object }>> = {
  Error,
  TypeError,
  RangeError,
  ExitError,
  FileError,
  HttpError,
  InternalError,
  InvalidComponentError,
  MissingImportsError,
  NetworkError,
  NotACommandError,
  NotAHandlerError,
  PeerClosed,
  PreopenError,
  RuntimeError,
  SocketError,
  TimeoutError,
  Trap,
  UnsupportedComponentError,
  UnsupportedRuntimeError,
  WitError,
};

/** Properties that cross by themselves. */
const STANDARD = new Set(["message", "stack", "cause"]);
/** Deeper than any chain of causes of ours. */
const MAX_CAUSES = 8;

export function wireOf(error: unknown, depth = 0): WireError {
  if (!(error instanceof Error)) return { is: "value", value: cloneable(error) ? error : String(error) };
  const { message, stack, cause } = error;
  const own = Object.entries(error).filter(([name, value]) => !STANDARD.has(name) && cloneable(value));
  return {
    is: "error",
    kind: kindOf(error),
    message,
    stack,
    cause: cause === undefined || depth === MAX_CAUSES ? undefined : wireOf(cause, depth + 1),
    properties: Object.fromEntries(own),
  };
}

export function errorOf(wire: WireError): unknown {
  if (wire.is === "value") return wire.value;
  const error = new Error(wire.message, wire.cause ? { cause: errorOf(wire.cause) } : undefined);
  // Of this thread's class, which a class's own constructor might make otherwise.
  Object.setPrototypeOf(error, CLASSES[wire.kind]?.prototype ?? Error.prototype);
  Object.assign(error, wire.properties);
  if (wire.stack !== undefined) error.stack = wire.stack;
  return error;
}

/** The nearest of its classes that the other thread knows. */
function kindOf(error: Error): string {
  for (let at: unknown = error; at !== null; at = Object.getPrototypeOf(at)) {
    for (const [kind, { prototype }] of Object.entries(CLASSES)) if (at === prototype) return kind;
  }
  return "Error";
}

/** Whether it can cross as it is. */
export function cloneable(value: unknown): boolean {
  try {
    bytesOfValue(value);
    return true;
  } catch {
    return false;
  }
}

/** The most of a message that crosses where there is little room. */
const MAX_MESSAGE = 4000;

/** As `wireOf`, in bytes for a ring: of an error that has too much to it, what kind it is and what it says. */
export function bytesOfError(error: unknown): Uint8Array {
  const wire = wireOf(error);
  const bytes = bytesOfValue(wire);
  if (bytes.length <= RING_ERROR_BYTES) return bytes;
  const message = (wire.is === "error" ? wire.message : String(wire.value)).slice(0, MAX_MESSAGE);
  const kind = wire.is === "error" ? wire.kind : "Error";
  return bytesOfValue({
    is: "error",
    kind,
    message,
    stack: undefined,
    cause: undefined,
    properties: {},
  } satisfies WireError);
}

/** @param bytes What `bytesOfError` gave. */
export function errorInBytes(bytes: Uint8Array): unknown {
  return errorOf(valueInBytes(bytes) as WireError);
}
