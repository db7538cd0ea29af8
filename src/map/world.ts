/**
 * The world behind the modules that `jco transpile --map` can put in the place of preview2-shim: one for the process,
 * since such modules are imported, not instantiated. Gives what a command expects of its process: standard streams,
 * arguments, environment, clocks and random bytes; no directories. Made when the first of these modules is imported.
 */
import { Instance } from "../bind/instance.ts";
import { INTERFACES } from "../bind/interfaces.ts";
import { Task } from "../bind/task.ts";
import { nodePlatform } from "../hosts/node/platform.ts";
import { makeWorld } from "../run/world.ts";

const world = makeWorld(
  nodePlatform,
  {
    args: process.argv.slice(1),
    env: Object.fromEntries(Object.entries(process.env).map(([name, value]) => [name, value ?? ""])),
    cwd: process.cwd(),
    stdin: "inherit",
    stdout: "inherit",
    stderr: "inherit",
  },
  (code) => process.exit(code),
);
const instance = new Instance(world.limits, new Task(nodePlatform.loop));

/** The functions and classes of an interface. */
export function provide(name: string): Record<string, unknown> {
  const make = INTERFACES.get(name);
  if (!make) throw new Error(`There is no interface ${name}`);
  return make(instance, world);
}
