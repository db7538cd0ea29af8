import { abandon } from "../io/checked-ports.ts";
import type { OpenedInput, OpenedOutput, OpenedStandard } from "./platform.ts";

/** Opens the standard streams, all of them: one that cannot be opened has those before it let go of. @throws What it does. */
export function openedStandard(
  openInput: () => OpenedInput,
  openOutput: (name: "stdout" | "stderr") => OpenedOutput,
): OpenedStandard {
  const stdin = openInput();
  let stdout: OpenedOutput | undefined;
  try {
    stdout = openOutput("stdout");
    return { stdin, stdout, stderr: openOutput("stderr") };
  } catch (error) {
    abandon(
      () => stdout?.sink.abort(error),
      () => stdin.source.close(),
    );
    throw error;
  }
}
