// A worker of Cloudflare's that counts the words of what it is sent. Before it is bundled, as wrangler does:
//   sluice build test/guests/built/wc.wasm -o examples/built/wc
//   npx wrangler dev examples/worker.js --compatibility-date 2026-11-01
import { run } from "./built/wc/worker.js";

export default {
  async fetch(request) {
    const { readable, writable } = new TransformStream();
    // Taken before there is a response: what nobody has begun to read by then, `wrangler dev` reads itself.
    const stdin = request.body?.pipeThrough(new TransformStream()) ?? "ignore";
    const counting = run({ args: ["wc"], stdin, stdout: writable });
    counting.catch(async (error) => {
      console.error(error.message);
      // A guest that has begun has ended its output; whoever reads it sees that. This is for one that could not begin.
      await writable.abort(error).catch(() => {});
    });
    return new Response(readable);
  },
};
