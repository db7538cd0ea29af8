// Streams that a component implements: it takes 64 bytes at a time into its own memory, and passes them on in upper case.
import { readFile } from "node:fs/promises";
import { compile, instantiate, run } from "sluice";

const built = new URL("../test/guests/built/", import.meta.url);
const virtualStreams = await compile(await readFile(new URL("virtual-streams.wasm", built)));
const writer = await compile(await readFile(new URL("writer.wasm", built)));

let bytes = 0;
const streams = await instantiate(virtualStreams, {
  stdout: async (chunk) => {
    // A slow reader: the component waits for it, and so does whoever uses the component.
    await new Promise((resolve) => setImmediate(resolve));
    bytes += chunk.length;
  },
  stderr: (chunk) => process.stdout.write(chunk),
});

// Its `wasi:io` and standard streams, in the place of ours. The writer knows nothing of it.
const { exitCode } = await run(writer, { args: ["writer", "64000"], imports: streams.exports });
await streams.close();

console.log(`exit code ${exitCode}, ${bytes} bytes`);
