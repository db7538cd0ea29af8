/** Another origin, for what pages ask of it. Each path says how it answers; those below `/open` permit it to anybody. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { buffer } from "node:stream/consumers";

const answers: Readonly<Record<string, (request: IncomingMessage, response: ServerResponse) => Promise<void> | void>> =
  {
    /** What was asked, as JSON. */
    "/echo": async (request, response) => {
      const body = await buffer(request);
      const { method, headers } = request;
      response.end(JSON.stringify({ method, headers, bytes: body.length }));
    },
    "/redirect": (_, response) => void response.writeHead(302, { location: "/open/echo" }).end(),
    "/never": () => {},
    /** The head, a byte, and no more. */
    "/stalls": (_, response) => void response.write("x"),
    /** The head, a byte of two, and the end of the connection. */
    "/cut": (_, response) => {
      response.writeHead(200, { "content-length": "2" });
      response.write("x", () => response.destroy());
    },
    "/teapot": (_, response) => void response.writeHead(418, { "x-a": "1" }).end("short and stout"),
  };

export function peer(): Server {
  return createServer((request, response) => {
    const { url = "" } = request;
    const isOpen = url.startsWith("/open/");
    if (isOpen) {
      response.setHeader("access-control-allow-origin", "*");
      response.setHeader("access-control-allow-headers", "*");
      response.setHeader("access-control-expose-headers", "*");
    }
    const answer = answers[isOpen ? url.slice("/open".length) : url];
    if (request.method === "OPTIONS") response.end();
    else if (answer) void answer(request, response);
    else response.writeHead(404).end();
  });
}
