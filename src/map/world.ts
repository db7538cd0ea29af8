/**
 * The world behind the modules that `jco transpile --map` can put in the place of preview2-shim: one for the process,
 * since such modules are imported, not instantiated. Gives what a command expects of its process: standard streams,
 * arguments, environment, clocks and random bytes; no directories, and no network and no requests before they are granted. Made when the first of these modules is imported.
 */
import { Instance } from "../bind/instance.ts";
import { INTERFACES } from "../bind/interfaces.ts";
import { Task } from "../wait/task.ts";
import { isTerminal } from "../hosts/node/fd-open.ts";
import { fdSource, FdSink } from "../hosts/node/fd.ts";
import { nodePlatform } from "../hosts/node/platform.ts";
import type { OpenedOutput } from "../run/platform.ts";
import { makeWorld } from "../run/world.ts";
import { Trap } from "../io/trap.ts";
import type { World } from "../wasi/world.ts";
import type { HttpClient } from "../wasi/http/exchange.ts";
import type { Network } from "../wasi/sockets/network.ts";
import { JcoInterfaces } from "./jco.ts";
import { LazySink, LazySource } from "./lazy.ts";
import { Parking, ParkingFdSink, parkingFdSource } from "./parking.ts";

let interfaces: JcoInterfaces | undefined;

// Glue with lowered functions suspends its guest, other glue blocks the thread. Which of them this is shows when the
// guest is instantiated, and so before it uses a stream.
const suspends = (): boolean => interfaces?.lowers === true;

function output(fd: number): OpenedOutput {
  return {
    sink: new LazySink(() => (suspends() ? new FdSink(fd) : new ParkingFdSink(fd))),
    isTerminal: isTerminal(fd),
  };
}

const parking = new Parking(nodePlatform.monotonicClock, suspends);

let granted: Network | undefined;
let client: HttpClient | undefined;

const world: World = {
  ...makeWorld(
    {
      ...nodePlatform,
      standard: () => ({
        stdin: {
          source: new LazySource(() => (suspends() ? fdSource(0) : parkingFdSource(0))),
          isTerminal: isTerminal(0),
        },
        stdout: output(1),
        stderr: output(2),
      }),
      monotonicClock: parking.clock,
    },
    {
      args: process.argv.slice(1),
      env: Object.fromEntries(Object.entries(process.env).map(([name, value]) => [name, value ?? ""])),
      cwd: process.cwd(),
    },
    (code) => process.exit(code),
  ),
  get network() {
    if (granted && !suspends()) {
      throw new Trap(
        "4.3",
        'a socket needs the event loop, and glue with "js" bindings blocks it: transpile the component with ' +
          'importBindings "hybrid" and asyncMode "jspi"',
      );
    }
    return granted;
  },
  get http() {
    return client;
  },
};

/** What the guests of this process have of a network from now on. */
export function setNetwork(network: Network | undefined): void {
  granted = network;
}

/** Who carries out the requests of the guests of this process from now on. */
export function setHttp(by: HttpClient | undefined): void {
  client = by;
}

/** The functions and classes of an interface. */
export function provide(name: string): Record<string, unknown> {
  interfaces ??= new JcoInterfaces(new Instance(world, new Task(nodePlatform.loop), { park: parking.park }));
  const found = INTERFACES.get(name);
  if (!found) throw new Error(`There is no interface ${name}`);
  return interfaces.of(found);
}
