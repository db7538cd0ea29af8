/** Every interface that the host implements, by its name without a version. */
import * as cli from "./cli.ts";
import * as clocks from "./clocks.ts";
import type { Interface } from "./definition.ts";
import * as filesystem from "./filesystem.ts";
import * as io from "./io.ts";
import * as random from "./random.ts";
import * as sockets from "./sockets.ts";

export const INTERFACES: ReadonlyMap<string, Interface> = new Map(
  [io, cli, clocks, random, filesystem, sockets]
    .flatMap((tables): (Interface | object)[] => Object.values(tables))
    .flatMap((value) => (isInterface(value) ? [[value.name, value] as const] : [])),
);

function isInterface(value: object): value is Interface {
  return "functions" in value;
}
