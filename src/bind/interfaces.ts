/** Every interface that the host implements, by its name without a version. */
import * as cli from "./cli.ts";
import * as clocks from "./clocks.ts";
import type { Interface } from "./definition.ts";
import * as filesystem from "./filesystem.ts";
import * as io from "./io.ts";
import * as random from "./random.ts";
import * as lookup from "./sockets/ip-name-lookup.ts";
import * as network from "./sockets/network.ts";
import * as tcp from "./sockets/tcp.ts";
import * as udp from "./sockets/udp.ts";

export const INTERFACES: ReadonlyMap<string, Interface> = new Map(
  [io, cli, clocks, random, filesystem, network, tcp, udp, lookup]
    .flatMap((tables): (Interface | object)[] => Object.values(tables))
    .flatMap((value) => (isInterface(value) ? [[value.name, value] as const] : [])),
);

function isInterface(value: object): value is Interface {
  return "functions" in value;
}
