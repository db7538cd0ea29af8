/** Section 5: errors. */
import type { Claim } from "./claim.ts";

export const errors: readonly Claim[] = [
  {
    name: "error-outlives-stream",
    rules: ["5.1", "5.2"],
    claim: "an error can be used after its stream has been dropped.",
    stdout: { kind: "failing", afterBytes: 5000 },
    expect: { exit: 0 },
  },
  {
    name: "error-debug-string",
    rules: ["5.1"],
    claim: "an error says something.",
    stdout: { kind: "failing", afterBytes: 5000 },
    expect: { exit: 0 },
  },
  {
    name: "error-dropped",
    rules: ["1.2", "5.2"],
    claim: "an error that has been dropped cannot be used, which traps.",
    stdout: { kind: "failing", afterBytes: 5000 },
    expect: { trap: "handle" },
  },
  {
    name: "error-code-downcast",
    rules: ["5.3"],
    claim:
      'any stream error can be asked for its filesystem error code. Prints the code (its position in the enum) or "none" on stderr.',
    stdout: { kind: "failing", afterBytes: 5000 },
    expect: { exit: 0 },
  },
];
