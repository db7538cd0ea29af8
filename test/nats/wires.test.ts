/** Wires between a real server and those who use it that are cut, stand still, are thin, late, or lose answers. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { run } from "../../src/index.ts";
import { natsSink, natsSource, work } from "../../src/nats/index.ts";
import { ended, start } from "../cli/support.ts";
import { onServer } from "./on-server.ts";
import { connectTo, emptied, guest, keeping, type Connected } from "./server.ts";
import { Wire, type Fate, type Passing } from "./wire.ts";

const NS_PER_MS = 1e6;
/** After which the server does not know any more what it has stored: the least that it takes. An answer is missed later. */
const DUPLICATES_MS = 100;
const ANSWER_MS = 400;
/** After so many of these that are not answered, and one more, a wire leads nowhere. */
const PING_MS = 200;

interface Fault {
  readonly fate: (passing: Passing) => Fate | Promise<Fate>;
  /** How often it has struck. */
  readonly struck: () => number;
}

/** One of so many messages of a kind, so many times. */
function oneOf(nth: number, most: number, fate: Fate, isIt: (passing: Passing) => boolean): Fault {
  let [seen, struck] = [0, 0];
  return {
    fate: (passing) => {
      if (!isIt(passing) || struck === most || ++seen % nth !== 0) return "pass";
      struck++;
      return fate;
    },
    struck: () => struck,
  };
}

const isOf =
  (who: Passing["from"]) =>
  ({ from, subject }: Passing): boolean =>
    from === who && subject !== "";

/** That something was stored, or that a job is done. */
const isAnswer = ({ from, subject, bytes }: Passing): boolean =>
  from === "server" ? bytes.includes('"seq":') && bytes.includes('"stream":') : subject.startsWith("$JS.ACK.");

/** What the server says is kept until the client asks what is stored: it has given up by then that it is told. */
function late(): Fault {
  let struck = 0;
  let asked = Promise.withResolvers<void>();
  return {
    fate: (passing) => {
      if (passing.subject.startsWith("$JS.API.STREAM.MSG.GET.")) asked.resolve();
      if (!isOf("server")(passing) || !isAnswer(passing) || struck === 3) return "pass";
      struck++;
      asked = Promise.withResolvers();
      return asked.promise.then(() => "pass");
    },
    struck: () => struck,
  };
}

const FAULTS: Readonly<Record<string, () => Fault>> = {
  "are cut in the middle of what a client says": () => oneOf(9, 5, "cut", isOf("client")),
  "are cut in the middle of what the server says": () => oneOf(20, 3, "cut", isOf("server")),
  "stand still": () => oneOf(11, 3, "still", isOf("client")),
  "are so thin that each byte comes alone": () => oneOf(1, 30, "thin", () => true),
  "lose answers, for longer than the server knows what it has stored": () => oneOf(5, 5, "lose", isAnswer),
};

onServer("wires that", (on) => {
  const wires: Wire[] = [];
  after(() => wires.forEach((wire) => wire.close()));

  let streams = 0;
  const added = async (more: object = {}): Promise<string> => {
    const name = `W${++streams}`;
    const duplicate_window = DUPLICATES_MS * NS_PER_MS;
    await on.at.manager.streams.add({ ...keeping(name, [name.toLowerCase()]), duplicate_window, ...more });
    return name;
  };

  async function over({ fate }: Fault): Promise<Connected> {
    const wire = new Wire(on.server.port, fate);
    wires.push(wire);
    return connectTo(await wire.open(), { pingInterval: PING_MS });
  }

  async function copies(fault: Fault): Promise<void> {
    const [from, to] = [await added(), await added()];
    const text = Buffer.from(Array.from({ length: 10_000 }, (_, line) => `${line}\n`).join(""));
    const feed = await natsSink(on.at.nc, { stream: from, message: 500 });
    await run(guest("cat"), { stdin: text, stdout: feed });
    await feed.end(0);
    const { nc } = await over(fault);
    const stdout = await natsSink(nc, { stream: to, message: 500, window: 5000, ackWait: ANSWER_MS });
    const stdin = await natsSource(nc, { stream: from, ackWait: ANSWER_MS });
    const { exitCode } = await run(guest("cat"), { stdin, stdout });
    await stdout.end(exitCode);
    await nc.drain();
    assert.ok(fault.struck() > 0);
    assert.equal((await on.at.bytes(to)).equals(text), true);
  }

  /** Nothing comes after it that would show that it is missing. */
  const withoutLast = (): Fault =>
    oneOf(1, 1, "cut", ({ from, bytes }) => from === "server" && bytes.includes("Sluice-Eof"));

  const more = { "tell later than is waited for": late, "are cut in the middle of the last message": withoutLast };
  for (const [what, newFault] of Object.entries({ ...FAULTS, ...more })) {
    test(`${what}: a guest copies a stream`, () => copies(newFault()));
  }

  async function carriesOut(fault: Fault): Promise<void> {
    const jobs = await added({ retention: "workqueue", discard: "old" });
    const results = await added({ subjects: [`r${streams}.*`] });
    const ack = { ack_policy: "explicit", ack_wait: 1000 * NS_PER_MS } as const;
    await on.at.manager.consumers.add(jobs, { durable_name: "w", ...ack });
    const count = 20;
    for (let job = 1; job <= count; job++) {
      const options = { headers: on.at.headers(), timeout: 5000 };
      // oxlint-disable-next-line no-await-in-loop -- in order, so that each has the sequence that it is known by
      await on.at.js.publish(jobs.toLowerCase(), Buffer.from(`${job}\n`.repeat(300)), options);
    }
    const { nc } = await over(fault);
    const worker = await work(guest("cat"), nc, {
      jobs: { stream: jobs, consumer: "w" },
      results: { stream: results },
      concurrency: 3,
      message: 400,
      ackWait: ANSWER_MS,
      // A first delivery that never arrives may be one that nobody has survived. None after that counts.
      retries: 1,
    });
    await emptied(on.at, jobs);
    await worker.drain();
    await nc.drain();
    assert.ok(fault.struck() > 0);
    const stored = await on.at.manager.streams.info(results);
    const ends = new Map<string, number>();
    for (let seq = 1; seq <= stored.state.last_seq; seq++) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const message = await on.at.manager.streams.getMessage(results, { seq });
      if (message?.header.has("Sluice-Eof")) ends.set(message.subject, (ends.get(message.subject) ?? 0) + 1);
    }
    assert.deepEqual([ends.size, [...new Set(ends.values())]], [count, [1]]);
    for (const [subject] of ends) {
      const job = subject.split(".").at(-1);
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const source = await natsSource(on.at.nc, { stream: results, subject, complete: true });
      const pieces: Uint8Array[] = [];
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await run(guest("cat"), { stdin: source, stdout: (bytes) => void pieces.push(bytes.slice()) });
      assert.equal(Buffer.concat(pieces).toString(), `${job}\n`.repeat(300));
    }
  }

  for (const [what, newFault] of Object.entries({ ...FAULTS, "tell later than is waited for": late })) {
    test(`${what}: jobs are carried out`, () => carriesOut(newFault()));
  }

  // Nobody closes it, and the client's own two minutes between questions would be six until it is noticed.
  test("stand still are noticed by the command, which asks", async () => {
    const { stream, fault, wire, ended: putEnded } = await putting;
    const { code, stderr } = await putEnded;
    assert.equal(code, 0, stderr);
    assert.deepEqual([fault.struck(), wire.connections], [1, 2]);
    assert.equal((await on.at.bytes(stream)).toString(), "line\n");
  });

  async function put() {
    const stream = await added();
    const fault = oneOf(1, 1, "still", ({ from, subject }) => from === "client" && subject === stream.toLowerCase());
    const wire = new Wire(on.server.port, fault.fate);
    wires.push(wire);
    child = start(["put", stream], { env: { NATS_URL: await wire.open() } });
    child.stdin?.end("line\n");
    return { stream, fault, wire, ended: ended(child) };
  }

  let child: ReturnType<typeof start> | undefined;
  // Where a test has failed it is alive.
  after(() => child?.kill("SIGKILL"));

  // It asks every ten seconds: the other tests go on meanwhile.
  let putting: ReturnType<typeof put>;
  before(() => {
    putting = put();
  });
});
