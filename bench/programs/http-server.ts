/** What Node does without a guest: http-server.ts PORT. */
import { createServer } from "node:http";

createServer((_, response) => {
  response.writeHead(200);
  response.write("Hello, WASI!");
  response.end();
}).listen(Number(process.argv[2]), "127.0.0.1");
