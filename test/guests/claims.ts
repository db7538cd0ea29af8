/** All claims about one guest and its standard streams: see claims/claim.ts. Those about files are in claims/files.ts. */
import type { Claim } from "./claims/claim.ts";
import { errors } from "./claims/errors.ts";
import { general } from "./claims/general.ts";
import { inputStreams } from "./claims/input-streams.ts";
import { outputFailures } from "./claims/output-failures.ts";
import { outputStreams } from "./claims/output-streams.ts";
import { polling } from "./claims/polling.ts";
import { process } from "./claims/process.ts";

export const claims: readonly Claim[] = [
  ...general,
  ...inputStreams,
  ...outputStreams,
  ...outputFailures,
  ...polling,
  ...errors,
  ...process,
];
