import type { Limits } from "../io/limits.ts";
import type { Outlet } from "../io/outlet.ts";
import type { PermitMode } from "../io/permit.ts";
import type { Source } from "../io/ports.ts";
import type { Tally } from "../io/tally.ts";
import type { MonotonicClock, WallClock } from "./clocks/clocks.ts";
import type { OpenDirectory } from "./filesystem/files.ts";
import type { HttpClient } from "./http/exchange.ts";
import type { RandomSource } from "./random/random.ts";
import type { Network } from "./sockets/network.ts";
import type { Shared } from "./filesystem/shared.ts";

/** Standard input, as all handles of it share it. */
export interface StandardInput {
  readonly source: Source;
  readonly tally: Tally;
  readonly isTerminal: boolean;
}

/** Standard output or error, as all handles of it share it. */
export interface StandardOutput {
  readonly outlet: Outlet;
  readonly isTerminal: boolean;
}

/** A directory that a guest is given from the start. */
export interface Preopen {
  /** What the guest calls it. */
  readonly path: string;
  readonly directory: Shared<OpenDirectory>;
  readonly readOnly: boolean;
}

/** Everything that one instance is given. What is not here, its guest does not have. */
export interface World {
  readonly args: readonly string[];
  readonly env: readonly (readonly [name: string, value: string])[];
  readonly cwd: string | undefined;
  readonly stdin: StandardInput;
  readonly stdout: StandardOutput;
  readonly stderr: StandardOutput;
  readonly preopens: readonly Preopen[];
  /** Missing: it is given none. */
  readonly network: Network | undefined;
  /** Missing: it may send no requests. */
  readonly http: HttpClient | undefined;
  readonly monotonicClock: MonotonicClock;
  readonly wallClock: WallClock;
  readonly random: RandomSource;
  readonly insecureRandom: RandomSource;
  /** Two u64. */
  readonly insecureSeed: () => readonly [bigint, bigint];
  readonly limits: Limits;
  readonly permits: PermitMode;
  /** Ends the instance with an exit code; never returns. */
  readonly exit: (code: number) => never;
}
