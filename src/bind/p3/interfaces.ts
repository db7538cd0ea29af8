/** The interfaces of WASI 0.3. */
import type { Interface } from "../definition.ts";
import * as cli from "./cli.ts";
import * as clocks from "./clocks.ts";
import * as filesystem from "./filesystem.ts";
import * as random from "./random.ts";

export const P3_INTERFACES: readonly Interface[] = [
  cli.environment,
  cli.types,
  cli.stdin,
  cli.stdout,
  cli.stderr,
  ...cli.SAME,
  clocks.types,
  clocks.monotonicClock,
  clocks.systemClock,
  clocks.timezone,
  random.insecureSeed,
  ...random.SAME,
  filesystem.preopens,
  filesystem.types,
];
