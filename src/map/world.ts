/**
 * The world behind the modules that `jco transpile --map` can put in the place of preview2-shim: one for the process,
 * since such modules are imported, not instantiated. Gives what a command expects of its process: standard streams,
 * arguments, environment, clocks and random bytes; no directories. Made when the first of these modules is imported.
 */
import { Instance } from "../bind/instance.ts";
import { INTERFACES } from "../bind/interfaces.ts";
import { Task } from "../wait/task.ts";
import { fdSource, FdSink, isTerminal } from "../hosts/node/fd.ts";
import { nodePlatform } from "../hosts/node/platform.ts";
import type { OpenedOutput } from "../run/platform.ts";
import { makeWorld } from "../run/world.ts";
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

const world = makeWorld(
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
);

/** The functions and classes of an interface. */
export function provide(name: string): Record<string, unknown> {
  interfaces ??= new JcoInterfaces(new Instance(world, new Task(nodePlatform.loop), { park: parking.park }));
  const found = INTERFACES.get(name);
  if (!found) throw new Error(`There is no interface ${name}`);
  return interfaces.of(found);
}
