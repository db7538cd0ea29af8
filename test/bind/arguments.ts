/** Arguments for any function of any interface: the core values of a call that works. */
import type { AnyType } from "../../src/abi/type.ts";
import type { Definition } from "../../src/bind/definition.ts";
import { INTERFACES } from "../../src/bind/interfaces.ts";
import { MemoryFiles, type Options } from "../../src/index.ts";
import { promising, type BareGuest, type Lowered } from "./support.ts";

/** What a guest needs so that all its calls can work. */
export function granted(): Options {
  const files = MemoryFiles.from({ f: "content", "d/g": "" });
  return {
    stdin: () => "some input",
    stdout: "ignore",
    stderr: "ignore",
    args: ["guest"],
    env: { A: "1" },
    cwd: "/",
    preopens: { "/": files.root() },
  };
}

export function definitionOf(name: string): Definition {
  const [from = "", member = ""] = name.split("#");
  const definition = INTERFACES.get(from)?.functions[member];
  if (!definition) throw new Error(`There is no function ${name}`);
  return definition;
}

const RESULT = 1024;
const PATH = 2048;

/** Handles by the name of their type, as far as a guest gets any. */
export async function handlesOf(guest: BareGuest, functions: ReadonlyMap<string, Lowered>) {
  const made = async (name: string, ...args: unknown[]): Promise<unknown> => promising(functions.get(name))(...args);
  const stdin = Number(await made("wasi:cli/stdin#get-stdin"));
  const stdout = Number(await made("wasi:cli/stdout#get-stdout"));
  const pollable = Number(await made("wasi:clocks/monotonic-clock#subscribe-duration", 0n));
  await made("wasi:filesystem/preopens#get-directories", RESULT);
  const directory = guest.view.getUint32(guest.view.getUint32(RESULT, true), true);
  new Uint8Array(guest.memory.buffer).set(new TextEncoder().encode("f"), PATH);
  await made("wasi:filesystem/types#[method]descriptor.open-at", directory, 0, PATH, 1, 0, 3, RESULT);
  const file = guest.view.getUint32(RESULT + 4, true);
  await made("wasi:filesystem/types#[method]descriptor.read-directory", directory, RESULT);
  const listing = guest.view.getUint32(RESULT + 4, true);
  return { stdin, stdout, pollable, directory, file, listing };
}

export type Handles = Awaited<ReturnType<typeof handlesOf>>;

/** Whether a function works on a directory, and not on a file. */
const ON_DIRECTORY = /-at$|read-directory$/;

/** Core values, with which the function `name` does what it is for, or says why not. */
export function argumentsFor(guest: BareGuest, name: string, handles: Handles): (number | bigint)[] {
  const { params, returns } = definitionOf(name);
  const values = params.flatMap((type) => valuesFor(guest, name, type, handles));
  const stores = returns.flat === undefined || returns.flat.length > 1;
  return [...values, ...(stores ? [RESULT] : [])];
}

function valuesFor(guest: BareGuest, name: string, { wit, flat }: AnyType, handles: Handles): (number | bigint)[] {
  switch (wit.kind) {
    case "borrow":
    case "own":
      return [handleFor(wit.resource.name, name, handles)];
    case "string":
      return [PATH, 1];
    case "list":
      guest.view.setUint32(PATH + 16, handles.pollable, true);
      return [PATH + 16, wit.element.kind === "borrow" ? 1 : 0];
    default:
      // All that are many in WASI are flat.
      return (flat ?? []).map((core) => (core === "i64" ? 0n : 0));
  }
}

function handleFor(resource: string, name: string, handles: Handles): number {
  switch (resource) {
    case "input-stream":
      return handles.stdin;
    case "output-stream":
      return handles.stdout;
    case "pollable":
      return handles.pollable;
    case "directory-entry-stream":
      return handles.listing;
    case "descriptor":
      return ON_DIRECTORY.test(name) ? handles.directory : handles.file;
    default:
      // Nobody gets an error without one, nor a socket.
      return 99;
  }
}
