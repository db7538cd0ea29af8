/** Whom http-client asks. */
import type { RequestListener } from "node:http";

/** The server of the claims of http-client. */
export const claimServer: RequestListener = (message, response) => {
  const { url = "", method = "", rawHeaders } = message;
  if (url === "/never") return;
  if (url === "/cut") {
    response.writeHead(200, { "content-length": "10" });
    response.write("12345", () => response.destroy());
    return;
  }
  if (url.startsWith("/fields")) {
    response.writeHead(299, ["x-twice", "1", "X-Latin", "\u00e9", "x-twice", "2", "trailer", "x-after"]);
    response.write(`${method} ${url}`);
    response.addTrailers([["x-after", "\u00e9"]]);
    response.end();
    return;
  }
  const saw = rawHeaders.filter((_, at) => rawHeaders[at - (at % 2)]?.startsWith("x-") === true);
  response.writeHead(200, ["x-saw", saw.join(" ")]);
  response.flushHeaders();
  message.on("data", (chunk: Uint8Array) => void response.write(chunk));
  message.on("error", () => response.destroy());
  message.on("end", () => {
    const pairs: [string, string][] = [];
    for (let at = 0; at < message.rawTrailers.length; at += 2) {
      pairs.push([message.rawTrailers[at] ?? "", message.rawTrailers[at + 1] ?? ""]);
    }
    response.addTrailers(pairs);
    response.end();
  });
};
