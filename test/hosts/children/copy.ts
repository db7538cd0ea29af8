/**
 * Copies stdin to stdout, as a guest would: `copy.ts [bytes]` stops after that many. Exits with 0 at the end of the
 * input, with 3 when nobody reads its output, and with 4 on a failure.
 */
import { fdSource, FdSink } from "../../../src/hosts/node/fd.ts";
import { StreamError } from "../../../src/io/errors.ts";
import { InputStream } from "../../../src/io/input-stream.ts";
import { Outlet } from "../../../src/io/outlet.ts";
import { OutputStream } from "../../../src/io/output-stream.ts";
import { complete } from "../../../src/io/steps.ts";

const source = fdSource(0);
const input = new InputStream(source);
const outlet = new Outlet(new FdSink(1));
const output = new OutputStream(outlet);
let left = Number(process.argv[2] ?? Infinity);

/** Why it stopped, as an exit code. */
async function copy(): Promise<number> {
  while (left > 0) {
    let bytes;
    try {
      // oxlint-disable-next-line no-await-in-loop -- piece by piece
      bytes = await complete(input.blockingRead(Math.min(left, 4096)));
    } catch (error) {
      return codeOf(error, 0);
    }
    left -= bytes.length;
    try {
      // oxlint-disable-next-line no-await-in-loop -- piece by piece
      await complete(output.blockingWriteAndFlush(bytes.slice()));
    } catch (error) {
      return codeOf(error, 3);
    }
  }
  return 0;
}

function codeOf(error: unknown, closed: number): number {
  return error instanceof StreamError && error.payload.tag === "closed" ? closed : 4;
}

process.exitCode = await copy();
source.close();
await outlet.finish();
