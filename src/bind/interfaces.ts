/** Every interface that the host implements, by its name without a version. */
import * as cli from "./cli.ts";
import * as clocks from "./clocks.ts";
import type { Interface } from "./definition.ts";
import * as filesystem from "./filesystem.ts";
import * as io from "./io.ts";
import * as random from "./random.ts";

const SOCKETS: readonly string[] = [
  "network",
  "instance-network",
  "tcp",
  "tcp-create-socket",
  "udp",
  "udp-create-socket",
  "ip-name-lookup",
].map((name) => `wasi:sockets/${name}`);

/** Those that are loaded when a component imports one. */
const loaded = new Map<string, Interface>();

/** To be waited for before anybody looks into the interfaces of these names. */
export async function loadInterfaces(names: Iterable<string>): Promise<void> {
  if (loaded.size > 0) return;
  for (const name of names) {
    if (!name.startsWith("wasi:sockets/")) continue;
    // oxlint-disable-next-line no-await-in-loop -- once
    const { SOCKET_INTERFACES } = await import("./sockets/interfaces.ts");
    for (const each of SOCKET_INTERFACES) loaded.set(each.name, each);
    return;
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
    ...[io, cli, clocks, random, filesystem].flatMap((tables): object[] => Object.values(tables)).filter(isInterface),
    ...SOCKETS.map((name) => new LaterInterface(name)),
  ].map((value) => [value.name, value]),
);

function isInterface(value: object): value is Interface {
  return "functions" in value;
}
