/** The runtime of Cloudflare's workers, as a process that answers on the loopback. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

const WORKERD = fileURLToPath(new URL("../../node_modules/.bin/workerd", import.meta.url));

/** Why no worker can be tested here, or false. */
export const NO_WORKERD: string | false = !existsSync(WORKERD) && "workerd is not installed";

export interface Worker {
  readonly origin: string;
  stop(): Promise<void>;
}

/**
 * Starts a worker of the modules in a folder.
 *
 * @param folder With `main.js`, and modules of WebAssembly that it imports from beside it.
 */
export async function startWorker(folder: string): Promise<Worker> {
  const config = join(folder, "worker.capnp");
  await writeFile(config, configOf(readdirSync(folder)));
  const child = spawn(WORKERD, ["serve", config, "--control-fd=3"], { stdio: ["ignore", "ignore", "pipe", "pipe"] });
  const said = text(child.stderr as Readable);
  const ended = once(child, "close");
  const port = await Promise.race([listening(child.stdio[3] as Readable), ended.then(() => undefined)]);
  if (port === undefined) throw new Error(`workerd has ended: ${await said}`);
  return {
    origin: `http://127.0.0.1:${port}`,
    async stop() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

/** `{"event":"listen","socket":"http","port":80}` */
async function listening(messages: Readable): Promise<number> {
  const [chunk] = (await once(messages, "data")) as [Buffer];
  const { port } = JSON.parse(chunk.toString()) as { readonly port: number };
  return port;
}

function configOf(files: readonly string[]): string {
  const modules = files
    .filter((name) => /\.(?:js|wasm)$/.test(name))
    // The first is the one that answers.
    .toSorted((a, b) => Number(b === "main.js") - Number(a === "main.js"))
    .map((name) => `(name = "${name}", ${name.endsWith(".js") ? "esModule" : "wasm"} = embed "${name}")`);
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(
    name = "main",
    worker = (compatibilityDate = "2026-11-01", modules = [${modules.join(", ")}]),
  )],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
`;
}
