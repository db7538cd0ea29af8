/**
 * Handles of files, as a page has them, that give and throw what nobody expects: each method in turn, of those that answer at
 * once and of those that answer later. The guest is told of an error, or its run ends with one that names the port.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { InternalError, run, TimeoutError, type CompiledComponent } from "../../src/index.ts";
import { HandleFiles } from "../../src/opfs.ts";
import { GIVEN, THROWN, type Act } from "./odd-acts.ts";
import { compiled, turn } from "./support.ts";

/** What stands in the place of a method, by its name after that of its owner, such as `file.getFile`. */
type Odd = Readonly<Record<string, Act>>;

/** An owner whose methods are these, but for those that are odd. */
function owner(kind: string, odd: Odd, parts: Readonly<Record<string, unknown>>): object {
  const own = Object.entries(odd).flatMap(([name, act]): [string, unknown][] => {
    const [of, method = ""] = name.split(".");
    return of === kind && Object.hasOwn(parts, method) ? [[method, act]] : [];
  });
  return { ...parts, ...Object.fromEntries(own) };
}

class Files {
  readonly #odd: Odd;
  readonly #isSync: boolean;
  readonly contents = new Map<string, Uint8Array>([["from", new TextEncoder().encode("content")]]);

  constructor(odd: Odd, isSync: boolean) {
    this.#odd = odd;
    this.#isSync = isSync;
  }

  directory(): object {
    const missing = (name: string): never => {
      throw new DOMException(name, "NotFoundError");
    };
    return owner("directory", this.#odd, {
      kind: "directory",
      name: "",
      entries: async function* (this: void) {
        yield ["from", { kind: "file" }];
      },
      getFileHandle: async (name: string, { create = false } = {}) =>
        create || this.contents.has(name) ? this.#file(name) : missing(name),
      getDirectoryHandle: async (name: string) => missing(name),
      removeEntry: async () => {},
    });
  }

  #file(name: string): object {
    return owner("file", this.#odd, {
      kind: "file",
      name,
      getFile: async () => this.#blob(name),
      createWritable: async () =>
        owner("writable", this.#odd, { truncate: async () => {}, write: async () => {}, close: async () => {} }),
      ...(this.#isSync && { createSyncAccessHandle: async () => this.#access(name) }),
    });
  }

  #blob(name: string): object {
    const bytes = this.contents.get(name) ?? new Uint8Array(0);
    return owner("blob", this.#odd, {
      size: bytes.length,
      lastModified: 1,
      slice: (from: number, to: number) =>
        owner("slice", this.#odd, { arrayBuffer: async () => bytes.slice(from, to).buffer }),
    });
  }

  #access(name: string): object {
    const bytes = this.contents.get(name) ?? new Uint8Array(0);
    return owner("access", this.#odd, {
      read(into: Uint8Array, { at }: { at: number }) {
        const piece = bytes.subarray(at, at + into.length);
        into.set(piece);
        return piece.length;
      },
      write: (piece: Uint8Array) => piece.length,
      truncate() {},
      getSize: () => bytes.length,
      flush() {},
      close() {},
    });
  }
}

const METHODS: Readonly<Record<string, readonly string[]>> = {
  "": ["directory.entries", "directory.getFileHandle", "directory.getDirectoryHandle", "file.getFile"],
  sync: [
    "file.createSyncAccessHandle",
    "access.read",
    "access.write",
    "access.truncate",
    "access.getSize",
    "access.flush",
    "access.close",
  ],
  later: [
    "file.createWritable",
    "blob.slice",
    "slice.arrayBuffer",
    "writable.truncate",
    "writable.write",
    "writable.close",
  ],
};

const thrown = (what: string): [string, Act] => [
  `throws ${what}`,
  () => {
    throw THROWN[what]?.();
  },
];
const given = (what: string): [string, Act] => [`gives ${what}`, GIVEN[what] ?? assert.fail(what)];

const ACTS: Readonly<Record<string, Act>> = {
  ...Object.fromEntries(["undefined", "a proxy that is revoked", "an error whose code throws"].map(thrown)),
  ...Object.fromEntries(
    ["2 ** 53", "a proxy that throws", "what inherits from bytes", "a promise that breaks"].map(given),
  ),
  "gives nothing": () => undefined,
  "gives NaN": () => NaN,
  "gives less than nothing": () => -3,
};

const GUESTS: readonly (readonly string[])[] = [
  ["ls", "/"],
  ["cat-files", "/from"],
  ["cp", "/from", "/to"],
];

describe("handles that give and throw what nobody expects", () => {
  const unhandled: unknown[] = [];
  const note = (error: unknown): void => void unhandled.push(error);
  const components = new Map<string, CompiledComponent>();
  before(async () => {
    process.on("unhandledRejection", note);
    for (const [name = ""] of GUESTS) components.set(name, await compiled(name));
  });
  after(() => {
    process.off("unhandledRejection", note);
  });

  async function play(args: readonly string[], odd: Odd, isSync: boolean, timeout?: number): Promise<void> {
    const component = components.get(args[0] ?? "") ?? assert.fail();
    // What a page's handles would be.
    const files = new HandleFiles(new Files(odd, isSync).directory() as FileSystemDirectoryHandle);
    const options = { args, preopens: { "/": files.root() }, stdout: "ignore", stderr: "ignore" } as const;
    await run(component, timeout === undefined ? options : { ...options, timeout }).catch((error: unknown) => {
      if (timeout !== undefined && error instanceof TimeoutError) return;
      assert.ok(error instanceof InternalError, String(error));
      assert.match(error.message, /^preopens\["\/"\]\./);
    });
    if (timeout === undefined) await files.settled().catch(() => {});
    await turn();
    assert.deepEqual(unhandled.splice(0), []);
  }

  for (const isSync of [true, false]) {
    for (const args of GUESTS) {
      test(`${args.join(" ")} does well where nothing is odd, ${isSync ? "at once" : "later"}`, () =>
        play(args, {}, isSync));
    }
    for (const method of [...(METHODS[""] ?? []), ...(METHODS[isSync ? "sync" : "later"] ?? [])]) {
      for (const [what, act] of Object.entries(ACTS)) {
        test(`${method} ${what}, ${isSync ? "at once" : "later"}`, async () => {
          for (const args of GUESTS) {
            // oxlint-disable-next-line no-await-in-loop -- one guest after the other
            await play(args, { [method]: act }, isSync);
            // oxlint-disable-next-line no-await-in-loop -- as above
            await play(args, { [method]: async () => act() }, isSync);
          }
        });
      }
      test(`${method} never comes back, ${isSync ? "at once" : "later"}`, async () => {
        for (const args of GUESTS) {
          // oxlint-disable-next-line no-await-in-loop -- one guest after the other
          await play(args, { [method]: () => new Promise(() => {}) }, isSync, 20);
        }
      });
    }
  }
});
