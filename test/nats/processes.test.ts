/** Workers that are processes, killed at each message that they send to a real server, or stopped for longer than it waits. */
import assert from "node:assert/strict";
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { work, type WorkCounts, type WorkOptions } from "../../src/nats/index.ts";
import { onServer } from "./on-server.ts";
import { emptied, guest, keeping } from "./server.ts";
import { Wire, type Fate, type Passing } from "./wire.ts";

const NS_PER_MS = 1e6;
const ACK_WAIT_MS = 500;
const CHILD = fileURLToPath(new URL("children/worker.ts", import.meta.url));
const pathOf = (name: string): string => fileURLToPath(new URL(`../guests/built/${name}.wasm`, import.meta.url));

/** When, around a message: before the server has it, or when it has answered and the answer is under way. */
type When = "before" | "after";

onServer(
  "workers that are processes",
  (on) => {
    const wires: Wire[] = [];
    const children: ChildProcess[] = [];
    after(() => {
      wires.forEach((wire) => wire.close());
      // Where a test has failed they are alive.
      children.forEach((child) => child.kill("SIGKILL"));
    });

    interface Queue {
      readonly name: string;
      readonly options: WorkOptions;
    }

    let queues = 0;

    async function newQueue(): Promise<Queue> {
      const number = ++queues;
      const [jobs, results, dead] = [`JOBS${number}`, `RESULTS${number}`, `DEAD${number}`];
      const { manager } = on.at;
      await manager.streams.add({ ...keeping(jobs, [`jobs${number}`]), retention: "workqueue" });
      await manager.streams.add(keeping(results, [`result${number}.*`]));
      await manager.streams.add(keeping(dead, [`dead${number}.*`]));
      const ack = { ack_policy: "explicit", ack_wait: ACK_WAIT_MS * NS_PER_MS } as const;
      await manager.consumers.add(jobs, { durable_name: "w", ...ack });
      const places = { jobs: { stream: jobs, consumer: "w" }, results: { stream: results }, dead: { stream: dead } };
      const options = { ...places, message: 600, retries: 1, backoff: 1 };
      // Its result has two messages.
      const data = Buffer.from("line\n".repeat(200));
      await on.at.js.publish(`jobs${number}`, data, { headers: on.at.headers(), timeout: 5000 });
      return { name: String(number), options };
    }

    /** A worker behind a wire, which runs. */
    async function startWorker(
      { options }: Queue,
      component: string,
      fate: (passing: Passing) => Fate | Promise<Fate>,
    ): Promise<ChildProcess> {
      const wire = new Wire(on.server.port, fate);
      wires.push(wire);
      const child = fork(CHILD, [await wire.open(), pathOf(component), JSON.stringify(options)], {
        stdio: ["ignore", "ignore", "inherit", "ipc"],
      });
      children.push(child);
      return child;
    }

    const untilDone = ({ name }: Queue): Promise<void> => emptied(on.at, `JOBS${name}`);

    /** How often there is an end, of results or of those that have failed. */
    async function endsIn(stream: string): Promise<number> {
      const { state } = await on.at.manager.streams.info(stream);
      let ends = 0;
      for (let seq = 1; seq <= state.last_seq; seq++) {
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        const message = await on.at.manager.streams.getMessage(stream, { seq });
        if (message?.header.has("Sluice-Eof")) ends++;
      }
      return ends;
    }

    /** A worker that is killed at one of its messages, and another one after it. Whether it was, before the job was done. */
    async function playKill(component: string, at: number, when: When): Promise<boolean> {
      const queue = await newQueue();
      let [sent, isKilled, isOver, hasBegun] = [0, false, false, false];
      const kill = (): Fate => {
        child?.kill("SIGKILL");
        return "lose";
      };
      const fate = ({ from, subject, bytes }: Passing): Fate => {
        if (isKilled) return when === "after" && from === "client" && !subject ? "pass" : kill();
        if (from === "server" || subject === "") return "pass";
        // What it looks at before it asks for jobs is nobody's loss.
        hasBegun ||= subject.startsWith("$JS.API.CONSUMER.MSG.NEXT.");
        if (!hasBegun || isOver || sent++ < at) {
          isOver ||= bytes.includes("+ACK");
          return "pass";
        }
        isKilled = true;
        if (when === "before") return kill();
        // Nothing answers these.
        if (subject.startsWith("$JS.ACK.")) kill();
        return "pass";
      };
      const child = await startWorker(queue, component, fate);
      const gone = once(child, "exit");
      await Promise.race([gone, untilDone(queue)]);
      if (!isKilled) child.kill("SIGTERM");
      await gone;
      const options = component === "cat" ? {} : { options: () => ({ args: [component, "3"] }) };
      const worker = await work(guest(component), on.at.nc, { ...queue.options, ...options });
      await untilDone(queue);
      await worker.drain();
      const ends = [await endsIn(`RESULTS${queue.name}`), await endsIn(`DEAD${queue.name}`)];
      assert.deepEqual(ends, component === "cat" ? [1, 0] : [0, 1], `killed ${when} message ${at}`);
      return isKilled;
    }

    for (const component of ["cat", "run-returns-err"]) {
      for (const when of ["before", "after"] as const) {
        const what = component === "cat" ? "succeeds" : "fails each time";
        test(`killed at each of their messages leave one end of a job: a guest that ${what}, ${when} it`, async () => {
          let at = 0;
          // oxlint-disable-next-line no-await-in-loop -- one after the other
          while (await playKill(component, at, when)) at++;
          // It asks, stores, and acknowledges, at least.
          assert.ok(at >= 4, `${at} were played`);
        });
      }
    }

    test("stopped for longer than the server waits come too late with their result", async () => {
      const queue = await newQueue();
      const stopped = Promise.withResolvers<void>();
      const resumed = Promise.withResolvers<Fate>();
      const child = await startWorker(queue, "cat", ({ from, subject }) => {
        if (from === "server" || !subject.startsWith("result")) return "pass";
        // The other one is at it meanwhile, and this one thinks that it still is.
        child.kill("SIGSTOP");
        stopped.resolve();
        return resumed.promise;
      });
      await stopped.promise;
      const worker = await work(guest("cat"), on.at.nc, queue.options);
      await untilDone(queue);
      await worker.drain();
      assert.equal(worker.counts.done, 1);
      resumed.resolve("pass");
      child.kill("SIGCONT");
      const counts = new Promise<WorkCounts>((resolve) => {
        child.on("message", (said) => {
          // What it says last.
          if (said !== "ready") resolve(said as WorkCounts);
        });
      });
      child.kill("SIGTERM");
      const { done, already } = await counts;
      assert.deepEqual([done, already], [0, 1]);
      assert.deepEqual([await endsIn(`RESULTS${queue.name}`), await endsIn(`DEAD${queue.name}`)], [1, 0]);
    });
  },
  4,
);
