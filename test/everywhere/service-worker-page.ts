/** A page whose service worker answers with a guest. */
const { serviceWorker } = navigator;
const controlled = new Promise((resolve) =>
  serviceWorker.addEventListener("controllerchange", resolve, { once: true }),
);
await serviceWorker.register("/service-worker.js");
if (!serviceWorker.controller) await controlled;

async function ask(path: string, body?: string): Promise<string> {
  const response = await fetch(path, body === undefined ? {} : { method: "POST", body });
  return `${response.status} ${await response.text()}`;
}

/** What becomes of a request, in words. */
async function askedFor(path: string, body?: string): Promise<string> {
  return ask(path, body).catch((error: unknown) => (error instanceof Error ? error.name : String(error)));
}

Object.assign(globalThis, { ask: askedFor });
