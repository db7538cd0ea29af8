/** MiB/s of a process that writes, as its clock or its reader sees it, so that starting does not count. */
import { program } from "./contestants.ts";
import { numberIn, runCommand, runPipeline, type How } from "./processes.ts";

export const MIB: number = 1024 * 1024;

/** As the last reader of a pipeline sees it, from the first byte that arrives to the last. All of them must. */
export async function rateAtReader(
  commands: readonly (readonly string[])[],
  totalBytes: number,
  how: How = {},
): Promise<number> {
  const { stdout, stderr } = await runPipeline([...commands, program("reader")], how);
  const arrived = numberIn(stdout, "bytes");
  if (arrived !== totalBytes) {
    const error = /\w*(?:Error|Trap|failed)[^\n]*/.exec(stderr)?.[0].slice(0, 80);
    throw new Error(error ?? `${arrived} of ${totalBytes} bytes arrived`);
  }
  return rate(totalBytes, numberIn(stdout, "ns"));
}

/** As the writer's own clock sees it. */
export async function rateAtWriter(command: readonly string[], totalBytes: number, how: How = {}): Promise<number> {
  return rate(totalBytes, numberIn((await runCommand(command, how)).stderr, "ns"));
}

export function rate(bytes: number, ns: number): number {
  return bytes / MIB / (ns / 1e9);
}
