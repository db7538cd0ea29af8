/** examples/jobs, as somebody tries it: a server, and two commands. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { promisify } from "node:util";
import { guest, ROOT, start } from "../cli/support.ts";
import { NO_SERVER, TestServer } from "./server.ts";

const exec = promisify(execFile);

test("examples/jobs runs with two commands", { skip: NO_SERVER }, async () => {
  const server = new TestServer();
  await server.start();
  const env = { ...process.env, NATS_URL: server.url };
  const options = ["--create", "--jobs", "JOBS/count", "--results", "RESULTS", "--dead", "DEAD"];
  const worker = start(["work", ...options, guest("wc")], { env: { NATS_URL: server.url } });
  assert.ok(worker.stderr);
  for await (const line of createInterface({ input: worker.stderr })) if (line.startsWith("Carrying out")) break;
  const { stdout } = await exec(process.execPath, [join("examples", "jobs", "submit.js")], { cwd: ROOT, env });
  assert.equal(stdout, '"one two three": 0 3 13\n"lines\\nand\\nlines": 2 3 15\n"": 0 0 0\n');
  const over = once(worker, "exit");
  worker.kill("SIGTERM");
  await over;
  await server.stop();
});
