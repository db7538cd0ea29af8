// Answers the requests of its pages with a guest. In JavaScript, as TypeScript has the types of pages and not of their workers here.
import { compile, serve } from "../../src/browser.ts";

async function guests() {
  const response = await fetch("/guests/built/http-claims.wasm");
  return serve(await compile(new Uint8Array(await response.arrayBuffer())));
}

let serving;

addEventListener("install", () => skipWaiting());
addEventListener("activate", (event) => event.waitUntil(clients.claim()));
addEventListener("fetch", (event) => {
  const { pathname } = new URL(event.request.url);
  if (!["/hello", "/echo", "/describe", "/trap"].includes(pathname)) return;
  serving ??= guests();
  event.respondWith(serving.then((server) => server.fetch(event.request)));
});
