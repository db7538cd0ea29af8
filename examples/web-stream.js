// A guest as a transform of Web streams: what goes in is its standard input, what comes out its standard output.
import { readFile } from "node:fs/promises";
import { compile, run } from "sluice";

const wc = await compile(await readFile(new URL("../test/guests/built/wc.wasm", import.meta.url)));

/** What a command component makes of a stream. Reads no faster than somebody reads the result. */
function through(component, readable) {
  const { readable: result, writable } = new TransformStream();
  run(component, { args: ["wc"], stdin: readable, stdout: writable }).catch((error) => {
    // Anything that ends the guest early has ended the stream too; whoever reads it sees that.
    console.error(error.message);
  });
  return result;
}

// As it comes from `fetch`, from a request, from a file: any stream of bytes.
const text = new Blob(["one two three\n", "four five\n"]).stream();
console.log(await new Response(through(wc, text)).text());
