// A worker of Cloudflare's that counts the words of what it is sent. Before it is bundled, as wrangler does:
//   sluice build test/guests/built/wc.wasm -o examples/built/wc
import { run } from "./built/wc/worker.js";

export default {
  async fetch(request) {
    const { readable, writable } = new TransformStream();
    const counting = run({ args: ["wc"], stdin: request.body ?? "ignore", stdout: writable });
    // Anything that ends the guest early ends the answer too; whoever reads it sees that.
    counting.catch((error) => console.error(error.message));
    return new Response(readable);
  },
};
