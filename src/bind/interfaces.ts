/** Every interface that the host implements, by its name without a version. */
import { splitVersion } from "../abi/names.ts";
import * as cli from "./cli.ts";
import * as clocks from "./clocks.ts";
import type { Interface } from "./definition.ts";
import * as filesystem from "./filesystem.ts";
import * as io from "./io.ts";
import * as random from "./random.ts";

/** Those that are loaded when a component imports one. */
interface Later {
  readonly names: readonly string[];
  readonly load: () => Promise<readonly Interface[]>;
}

const LATER: readonly Later[] = [
  {
    names: [
      "wasi:sockets/network",
      "wasi:sockets/instance-network",
      "wasi:sockets/tcp",
      "wasi:sockets/tcp-create-socket",
      "wasi:sockets/udp",
      "wasi:sockets/udp-create-socket",
      "wasi:sockets/ip-name-lookup",
    ],
    load: async () => (await import("./sockets/interfaces.ts")).SOCKET_INTERFACES,
  },
  {
    names: ["wasi:http/types", "wasi:http/outgoing-handler"],
    load: async () => (await import("./http/interfaces.ts")).HTTP_INTERFACES,
  },
];

const P3_LATER: readonly Later[] = [
  {
    names: ["wasi:sockets/types", "wasi:sockets/ip-name-lookup"],
    load: async () => (await import("./p3/sockets/interfaces.ts")).P3_SOCKET_INTERFACES,
  },
  {
    names: ["wasi:http/types", "wasi:http/client", "wasi:http/handler"],
    load: async () => (await import("./p3/http/interfaces.ts")).HTTP_INTERFACES,
  },
];

/** Those that are loaded. Only who loads some adds to them. */
export const loaded: Map<string, Interface> = new Map();
/** Of WASI 0.3. */
export const loadedP3: Map<string, Interface> = new Map();
const P3 = /@0\.3\.\d+$/;

/** To be waited for before anybody looks into the interfaces of these names, with their versions. */
export async function loadInterfaces(names: Iterable<string>): Promise<void> {
  const all = [...names];
  if (loadedP3.size === 0 && all.some((name) => P3.test(name))) {
    for (const each of (await import("./p3/interfaces.ts")).P3_INTERFACES) loadedP3.set(each.name, each);
  }
  const [p2, p3] = [all.filter((name) => !P3.test(name)), all.filter((name) => P3.test(name))];
  await loadInto(loaded, LATER, p2);
  await loadInto(loadedP3, P3_LATER, p3);
}

async function loadInto(into: Map<string, Interface>, laters: readonly Later[], names: readonly string[]) {
  const imported = new Set(names.map((name) => splitVersion(name)[0]));
  for (const { names: later, load } of laters) {
    if (!later.some((name) => imported.has(name)) || later.some((name) => into.has(name))) continue;
    // oxlint-disable-next-line no-await-in-loop -- once for each
    for (const each of await load()) into.set(each.name, each);
  }
}

/** Known by its name, and by what is in it once that is loaded. */
class LaterInterface implements Interface {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }

  get resources(): Interface["resources"] {
    return this.#table.resources;
  }

  get functions(): Interface["functions"] {
    return this.#table.functions;
  }

  get #table(): Interface {
    const table = loaded.get(this.name);
    if (!table) throw new Error(`${this.name} is looked into before it is loaded`);
    return table;
  }
}

export const INTERFACES: ReadonlyMap<string, Interface> = new Map(
  [
    io.error,
    io.poll,
    io.streams,
    cli.environment,
    cli.exit,
    cli.stdin,
    cli.stdout,
    cli.stderr,
    cli.terminalInput,
    cli.terminalOutput,
    cli.terminalStdin,
    cli.terminalStdout,
    cli.terminalStderr,
    clocks.monotonicClock,
    clocks.wallClock,
    random.random,
    random.insecure,
    random.insecureSeed,
    filesystem.preopens,
    filesystem.types,
    ...LATER.flatMap(({ names }) => names).map((name) => new LaterInterface(name)),
  ].map((value) => [value.name, value]),
);

/** The interface of this name, with its version, once it is loaded. Those of 0.3 are known only then. */
export function interfaceOf(name: string): Interface | undefined {
  const [plain, version] = splitVersion(name);
  // Versions with the same first two numbers are compatible; before a release nothing is.
  if (/^0\.2\.\d+$/.test(version)) return INTERFACES.get(plain);
  return P3.test(name) ? loadedP3.get(plain) : undefined;
}
