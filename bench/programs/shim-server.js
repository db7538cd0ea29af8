/**
 * A transpiled guest on preview2-shim's server, as `jco serve` has it: shim-server.js APP PORT. Plain JavaScript: how long
 * Node takes to strip types is not to be measured.
 */
import { pathToFileURL } from "node:url";
import { HTTPServer } from "@bytecodealliance/preview2-shim/http";

const [app, port] = process.argv.slice(2);
const { incomingHandler } = await import(pathToFileURL(app).href);
new HTTPServer(incomingHandler).listen(Number(port), "127.0.0.1");
