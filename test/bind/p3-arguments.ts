/** Arguments for any function of any interface of WASI 0.3: the core values of a call that works, as far as one can. */
import type { Definition } from "../../src/bind/definition.ts";
import { MemoryNetwork, type Options } from "../../src/index.ts";
import { granted } from "./arguments.ts";
import { P3_DEFINITIONS, promising, type BareGuest, type Lowered } from "./support.ts";

type AnyParam = Definition["params"][number];
type Core = number | bigint;

/** As many as the interfaces of WASI 0.3 have. */
export const P3_FUNCTIONS = 129;

const DEFINITIONS: ReadonlyMap<string, Definition> = new Map(P3_DEFINITIONS);
const RESULT = 1024;
const PATH = 2048;
/** Where parameters lie that are more than a call has. */
const SPILLED = 4096;
/** As the canonical ABI has it, for one that is told how far it has come, and for any other. */
const MOST_ASYNC = 4;
const MOST = 16;

/** What a guest needs so that all its calls can work. Nobody answers what it asks for. */
export function grantedP3(): Options {
  const on = new MemoryNetwork();
  return {
    ...granted(),
    network: { tcp: true, udp: true, lookup: true, on },
    http: { send: () => new Promise(() => {}) },
  };
}

/** A guest's handles, made by the functions that give them. */
export class P3Arguments {
  readonly #guest: BareGuest;
  readonly #functions: ReadonlyMap<string, Lowered>;
  /** Those that are lent, by the name of their type. */
  readonly #lent = new Map<string, number>();

  private constructor(guest: BareGuest, functions: ReadonlyMap<string, Lowered>) {
    this.#guest = guest;
    this.#functions = functions;
  }

  static async of(guest: BareGuest, functions: ReadonlyMap<string, Lowered>): Promise<P3Arguments> {
    const made = new P3Arguments(guest, functions);
    const { view } = guest;
    await made.#call("wasi:filesystem/preopens#get-directories", RESULT);
    const directory = view.getUint32(view.getUint32(RESULT, true), true);
    view.setUint8(PATH, "f".charCodeAt(0));
    await made.#call("wasi:filesystem/types#[method]descriptor.open-at", directory, 0, PATH, 1, 0, 3, RESULT);
    made.#lent.set("directory", directory);
    made.#lent.set("descriptor", view.getUint32(RESULT + 4, true));
    for (const kind of ["tcp", "udp"]) {
      // oxlint-disable-next-line no-await-in-loop -- one call after the other, as a guest makes them
      await made.#call(`wasi:sockets/types#[static]${kind}-socket.create`, 0, RESULT);
      made.#lent.set(`${kind}-socket`, view.getUint32(RESULT + 4, true));
    }
    for (const name of ["fields", "request-options", "request", "response"]) {
      // oxlint-disable-next-line no-await-in-loop -- as above
      made.#lent.set(name, await made.#own(name));
    }
    return made;
  }

  /**
   * Core values for one call of `name`, as `BareGuest.lowerP3` has it; and at which places of them numbers stand that are no
   * handles.
   */
  async for(name: string): Promise<{ readonly args: readonly Core[]; readonly numbers: readonly number[] }> {
    const isAsync = name.endsWith(" async");
    const definition = DEFINITIONS.get(name.replace(" async", ""));
    if (!definition) throw new Error(`There is no function ${name}`);
    const { params, returns } = definition;
    const values: Core[] = [];
    const handles = new Set<number>();
    for (const param of params) {
      if (HANDLES.has(param.wit.kind)) handles.add(values.length);
      // oxlint-disable-next-line no-await-in-loop -- as above
      values.push(...(await this.#valuesFor(name, param)));
    }
    const results = returns.flat?.length ?? MOST;
    const isStored = returns.wit !== undefined && results > (isAsync ? 0 : 1);
    const stored = isStored ? [RESULT] : [];
    const numbers = [...values.keys()].filter((index) => !handles.has(index));
    if (values.length <= (isAsync ? MOST_ASYNC : MOST)) return { args: [...values, ...stored], numbers };
    this.#spill(params, values);
    return { args: [SPILLED, ...stored], numbers: [0] };
  }

  async #call(name: string, ...args: readonly Core[]): Promise<unknown> {
    return promising(this.#functions.get(name))(...args);
  }

  async #valuesFor(name: string, { wit, flat }: AnyParam): Promise<readonly Core[]> {
    switch (wit.kind) {
      case "borrow":
        return [this.#lentFor(name, wit.resource.name)];
      case "own":
        return [await this.#own(wit.resource.name)];
      case "stream":
      case "future":
        return [this.#guest.readable(wit)];
      case "string":
        return [PATH, 1];
      default:
        return (flat ?? []).map((core) => (core === "i64" ? 0n : 0));
    }
  }

  #lentFor(name: string, resource: string): number {
    const isOnDirectory = /-at( async)?$|read-directory/.test(name);
    return this.#lent.get(resource === "descriptor" && isOnDirectory ? "directory" : resource) ?? 99;
  }

  async #own(resource: string): Promise<number> {
    if (resource === "fields" || resource === "request-options") {
      return Number(await this.#call(`wasi:http/types#[constructor]${resource}`));
    }
    const name = `wasi:http/types#[static]${resource}.new`;
    const { args } = await this.for(name);
    await this.#call(name, ...args);
    return this.#guest.view.getUint32(RESULT, true);
  }

  /** Parameters in memory, each of which begins with its first core values. */
  #spill(params: Definition["params"], values: readonly Core[]): void {
    const { view } = this.#guest;
    let at = SPILLED;
    let next = 0;
    for (const { align, size, flat } of params) {
      at = Math.ceil(at / align) * align;
      for (let word = 0; word + 4 <= size; word += 4) view.setUint32(at + word, 0, true);
      const words = HANDLES.size > 0 && size % 4 === 0 ? Math.min(flat?.length ?? 0, size / 4) : 0;
      for (let word = 0; word < words; word++) {
        const value = values[next + word];
        if (typeof value === "number") view.setUint32(at + 4 * word, value, true);
      }
      next += flat?.length ?? 0;
      at += size;
    }
  }
}

const HANDLES: ReadonlySet<string> = new Set(["borrow", "own", "stream", "future"]);
