/** Makes of a guest what preview2-shim runs: transpile.ts GUEST. */
import { transpilePeer } from "../peer.ts";

await transpilePeer(process.argv[2] ?? "");
