/**
 * What Node does without a guest: http-server.js PORT. Says hello, sends back what is sent to /echo, and to /slow says
 * hello a second later. It is plain JavaScript, since Node takes long to strip types before a first answer.
 */
import { createServer } from "node:http";

const SLOW_MS = 1000;

createServer((request, response) => {
  response.writeHead(200);
  if (request.url === "/echo") {
    request.pipe(response);
    return;
  }
  const hello = () => {
    response.write("Hello, WASI!");
    response.end();
  };
  if (request.url === "/slow") setTimeout(hello, SLOW_MS);
  else hello();
}).listen(Number(process.argv[2]), "127.0.0.1");
