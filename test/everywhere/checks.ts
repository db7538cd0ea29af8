import type { Check } from "./check.ts";
import { contractChecks } from "./contract-checks.ts";
import { fileChecks } from "./file-checks.ts";
import { guestChecks } from "./guest-checks.ts";

/** All that is tried in every runtime. */
export const checks: readonly Check[] = [...contractChecks, ...fileChecks, ...guestChecks];
