/** `sluice work`, `put` and `get`, on a real server. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, describe, test } from "node:test";
import { computesForEver } from "../cli/made.ts";
import { ended, guest, NO_TERMINAL, onTerminal, sluice, start, until } from "../cli/support.ts";
import { onServer } from "./on-server.ts";
import { emptied, keeping } from "./server.ts";

describe("commands that need a broker, without one", { concurrency: 2 }, () => {
  for (const verb of ["work", "pipe", "put", "get"]) {
    test(`sluice help ${verb} fits a terminal of 80 by 24`, async () => {
      const { code, stdout } = await sluice(["help", verb]);
      const lines = stdout.split("\n");
      assert.ok(lines.length <= 25, `${lines.length} lines`);
      for (const line of lines) assert.ok(line.length <= 80, line);
      assert.equal(code, 0);
      assert.deepEqual(await sluice([verb, "--help"]), { code: 0, signal: null, stdout, stderr: "" });
    });
  }

  const nowhere = ["--nats", "nats://127.0.0.1:1"];
  const MISTAKES: readonly [args: readonly string[], message: RegExp][] = [
    [["put", "--bogus", "S"], /^sluice: Unknown option '--bogus': see `sluice help put`\n$/],
    [["--stats", "put", "S"], /^sluice: --stats says nothing before `sluice put`/],
    [["put", ...nowhere, "S"], /^sluice: Cannot connect to nats:\/\/127\.0\.0\.1:1: /],
    [["get", ...nowhere, "--creds", "no-such-file", "S"], /^sluice: no-such-file cannot be read: ENOENT/],
  ];
  for (const [args, message] of MISTAKES) {
    test(`sluice ${args.join(" ")}`, async () => {
      const { code, stderr } = await sluice(args);
      assert.match(stderr, message);
      assert.equal(code, 1);
    });
  }
});

onServer("commands on a server", (on) => {
  let env: Record<string, string>;
  const folder = mkdtempSync(join(tmpdir(), "sluice-nats-cli-"));

  before(() => {
    env = { NATS_URL: on.server.url };
  });

  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  test("put is resumed where it was killed, get where its file ends, and both compare hashes", async () => {
    const text = Array.from({ length: 100_000 }, (_, line) => `${line}\n`).join("");
    const killed = start(["put", "--create", "--message", "1000", "BLOB"], { env });
    // It does not read to the end.
    killed.stdin?.on("error", () => {});
    killed.stdin?.write(text.slice(0, 300_000));
    for (;;) {
      // oxlint-disable-next-line no-await-in-loop -- until some of it is there
      const info = await on.at.manager.streams.info("BLOB").catch(() => undefined);
      if (info && info.state.bytes > 100_000) break;
    }
    killed.kill("SIGKILL");
    await once(killed, "exit");
    const { code, stderr } = await sluice(["put", "BLOB/blob"], { env, input: text });
    assert.match(stderr, /^put 575\.1 KiB, sha-256=[0-9a-f]{64}, [\d.]+ KiB of it had been there into blob\n$/);
    assert.equal(code, 0);
    const got = await sluice(["get", "BLOB"], { env });
    assert.equal(got.stdout === text, true);
    const file = join(folder, "blob");
    writeFileSync(file, text.slice(0, 123_456));
    const resumed = await sluice(["get", "-o", file, "BLOB"], { env });
    assert.match(resumed.stderr, /120\.6 KiB of it had been there/);
    assert.equal(readFileSync(file, "utf8") === text, true);
    const other = await sluice(["put", "BLOB"], { env, input: "something else" });
    assert.match(other.stderr, /^sluice: blob has an output already that is another: its hash is sha-256=/);
    assert.equal(other.code, 1);
    writeFileSync(file, "another beginning");
    const wrong = await sluice(["get", "-o", file, "BLOB"], { env });
    assert.match(wrong.stderr, /^sluice: blob has the hash sha-256=[0-9a-f]{64}, but these bytes have /);
  });

  test("work carries out jobs until it is to end, and finishes those under way", async () => {
    const options = ["--jobs", "JOBS/w", "--results", "RESULTS", "--dead", "DEAD", "--create"];
    const more = ["--concurrency", "2", "--timeout", "60s", "--metrics", "0", "--header", "SIZE"];
    const worker = start(["work", ...options, ...more, guest("args-env"), "an", "argument"], { env });
    assert.ok(worker.stderr && worker.stdout);
    const said: string[] = [];
    let metrics = "";
    for await (const line of createInterface({ input: worker.stderr })) {
      said.push(line);
      metrics ||= /^Metrics on (.*)$/.exec(line)?.[1] ?? "";
      if (line.startsWith("Carrying out")) break;
    }
    assert.match(said.join("\n"), /Stream RESULTS has one replica/);
    const headers = on.at.headers();
    headers.set("SIZE", "big");
    await on.at.js.publish("jobs", new Uint8Array(0), { headers, timeout: 5000 });
    await emptied(on.at, "JOBS");
    const result = await sluice(["get", "RESULTS/results.1"], { env });
    assert.deepEqual([result.code, result.stdout], [0, "args-env.wasm\nan\nargument\nSIZE=big\n"]);
    assert.match(await (await fetch(metrics)).text(), /^sluice_jobs_done_total 1$/m);
    assert.equal((await fetch(new URL("/ready", metrics))).status, 200);
    worker.kill("SIGTERM");
    assert.equal((await ended(worker)).code, 0);
  });

  test("work begins no job where its metrics cannot be asked for", async (t) => {
    const taken = createServer().listen(0, "127.0.0.1");
    t.after(() => taken.close());
    await once(taken, "listening");
    const { port } = taken.address() as AddressInfo;
    const told: readonly (readonly [address: string, message: RegExp])[] = [
      ["65536", /^sluice: --metrics expects \[ADDRESS:\]PORT, such as 0\.0\.0\.0:9090, got "65536"\n$/],
      [String(port), /^sluice: Cannot listen where --metrics says, at 127\.0\.0\.1:\d+: listen EADDRINUSE/],
    ];
    for (const [address, message] of told) {
      const options = ["--jobs", "KEPT/w", "--results", "KEPTRESULTS", "--create", "--metrics", address];
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const { code, stderr } = await sluice(["work", ...options, guest("cat")], { env });
      assert.match(stderr, message);
      assert.equal(code, 1);
    }
  });

  test("work shows on a terminal how far it is, on a line that it erases", { skip: NO_TERMINAL }, async () => {
    const options = "--jobs SHOWN/w --results SHOWNRESULTS --create";
    // The trap keeps the shell alive; the command starts with no traps.
    const worker = onTerminal(`trap : INT; sluice work ${options} $G/cat.wasm > /dev/null; echo "code $?"`, { env });
    await until(worker.stdout, "Carrying out jobs");
    await on.at.js.publish("shown", Buffer.from("job"), { headers: on.at.headers(), timeout: 5000 });
    await until(worker.stdout, "\r\x1b[K0 under way, 1 done, 0 tried again, 0 failed");
    worker.stdin?.write("\x03");
    const { stdout } = await ended(worker);
    assert.match(stdout, /\r\nTaking no more jobs; 0 under way\r\n/);
    const end = "\r\x1b[K1 jobs are done, 0 have failed\r\ncode 0\r\n";
    assert.ok(stdout.endsWith(end), JSON.stringify(stdout));
  });

  test("a worker that is to end is not ready any more, while it finishes what is under way", async () => {
    const component = join(folder, "computes.wasm");
    writeFileSync(component, computesForEver());
    const options = ["--jobs", "LONG/w", "--results", "LONGRESULTS", "--create", "--timeout", "1h", "--metrics", "0"];
    const worker = start(["work", ...options, component], { env });
    assert.ok(worker.stderr);
    const lines = createInterface({ input: worker.stderr })[Symbol.asyncIterator]();
    const said = async (pattern: RegExp): Promise<string> => {
      for (;;) {
        // oxlint-disable-next-line no-await-in-loop -- one line after the other
        const { value, done } = await lines.next();
        assert.ok(done !== true, `it has ended without ${pattern}`);
        const found = pattern.exec(value);
        if (found) return found[1] ?? "";
      }
    };
    const metrics = await said(/^Metrics on (.*)$/);
    await said(/^(Carrying out)/);
    await on.at.js.publish("long", new Uint8Array(0), { headers: on.at.headers(), timeout: 5000 });
    // oxlint-disable-next-line no-await-in-loop -- until it is under way
    while (!/^sluice_jobs_running 1$/m.test(await (await fetch(metrics)).text())) continue;
    worker.kill("SIGTERM");
    assert.equal(await said(/^Taking no more jobs; (\d+) under way$/), "1");
    assert.equal((await fetch(new URL("/ready", metrics))).status, 503);
    assert.equal((await fetch(metrics)).status, 200);
    worker.kill("SIGKILL");
    await once(worker, "exit");
  });

  test("pipe goes on where it was killed, and what it has written is what one run would have", async () => {
    const lines = Array.from({ length: 20_000 }, (_, line) => `${line}\n`).join("");
    await sluice(["put", "--create", "--message", "500", "LOG"], { env, input: lines });
    const options = ["--in", "LOG", "--out", "OUT", "--create", "--segment", "50"];
    for (let kills = 1; kills <= 2; kills++) {
      const stage = start(["pipe", ...options, guest("cat")], { env });
      for (;;) {
        // oxlint-disable-next-line no-await-in-loop -- until some of it is there
        const info = await on.at.manager.streams.info("OUT").catch(() => undefined);
        if (info && info.state.bytes > 10_000 * kills) break;
        if (stage.exitCode !== null) break;
      }
      const over = once(stage, "exit");
      stage.kill("SIGKILL");
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await over;
    }
    // Two at the same time: one of them wins.
    const both = await Promise.all([1, 2].map(() => sluice(["pipe", ...options, guest("cat")], { env })));
    assert.ok(
      both.some(({ code }) => code === 0),
      JSON.stringify(both),
    );
    for (const { code, stderr } of both) if (code !== 0) assert.match(stderr, /another writer has/);
    const got = await sluice(["get", "OUT"], { env });
    assert.equal(got.stdout === lines, true);
    assert.equal(got.code, 0);
    const other = await sluice(["pipe", "--in", "OUT", "--out", "LOG", guest("cat")], { env });
    assert.match(other.stderr, /ends with message \d+, which no stage has written/);
    assert.equal(other.code, 1);
  });

  test("pipe stops where its guest does not write again what is there, and adds nothing", async () => {
    const input = "line\n".repeat(100);
    await sluice(["put", "--create", "SAME"], { env, input });
    await on.at.manager.streams.add(keeping("OTHER", ["other"]));
    const hashOf = (bytes: string | Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
    const headers = on.at.headers();
    headers.set("Sluice-Writer", "w");
    headers.set("Sluice-Offset", "0");
    // As if it had begun the first segment, and been killed.
    headers.set("Sluice-Segment", `${hashOf(readFileSync(guest("cat")))} 1 0 ${hashOf("another\n")}`);
    await on.at.js.publish("other", Buffer.from("another\n"), { headers, timeout: 5000 });
    const { code, stderr } = await sluice(["pipe", "--in", "SAME", "--out", "OTHER", guest("cat")], { env });
    assert.equal(code, 1);
    assert.match(stderr, /^sluice: The guest has not written the same 8 bytes again of the same input: /);
    assert.equal((await on.at.bytes("OTHER")).toString(), "another\n");
  });

  test("work says what it lacks", async () => {
    const says = async (args: readonly string[], message: RegExp): Promise<void> => {
      const { code, stderr } = await sluice(["work", ...args], { env });
      assert.match(stderr, message);
      assert.equal(code, 1);
    };
    await says([guest("cat")], /^sluice: `sluice work` needs --jobs STREAM\/CONSUMER/);
    await says(["--jobs", "A", "--results", "B", guest("cat")], /^sluice: --jobs expects STREAM\/CONSUMER, got "A"/);
    await says(["--jobs", "A/b", "--results", "B"], /^sluice: Expected a component, got none/);
    await says(["--jobs", "NONE/b", "--results", "B", guest("cat")], /^sluice: There is no stream NONE/);
    await says(["--jobs", "A/b", "--results", "B", "--retries", "x", guest("cat")], /^sluice: --retries expects/);
  });
});
