/**
 * `node scripts/nats-mutants.ts [WORD]`: mistakes that are put into src/nats on purpose, each by a replacement of text, and the test
 * that has to find it. Without the mistake the test passes, with it it fails. Only those whose name has WORD, if it is given.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { registerHooks } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export interface Mutant {
  readonly name: string;
  /** In src/nats. */
  readonly file: string;
  /** There once. */
  readonly from: string;
  readonly to: string;
  /** In test/nats. */
  readonly test: string;
  /** The beginning of the test's name. */
  readonly title: string;
}

const JOB = "work/job.ts";

export const MUTANTS: readonly Mutant[] = [
  {
    name: "a job that is acknowledged before its result is stored",
    file: JOB,
    from: "    await stdout.end(0);",
    to: "    delivery.acknowledge();\n    await stdout.end(0);",
    test: "kills.test.ts",
    title:
      "workers that are killed or stopped at any two calls leave one result, or one in the dead: a guest that succeeds",
  },
  {
    name: "a result that is there and is not looked for",
    file: JOB,
    from: "  if (last?.mark?.end) return already(delivery);\n  const turn",
    to: "  const turn",
    test: "job.test.ts",
    title: "of a job that comes again and has a result",
  },
  {
    name: "an attempt that does not say that it begins",
    file: JOB,
    from: "    if (attempt > 1) await stdout.begin();",
    to: "",
    test: "job.test.ts",
    title: "who was thought dead does not take the place",
  },
  {
    name: "an attempt that takes the place of a later one",
    file: JOB,
    from: "(mark?.attempt ?? 1) <= turn.attempt",
    to: "true",
    test: "job.test.ts",
    title: "who was thought dead does not take the place",
  },
  {
    name: "a job that is put aside while somebody can store its result",
    file: JOB,
    from: "    await sink.begin();\n  } catch (error) {\n    if (!(error",
    to: "  } catch (error) {\n    if (!(error",
    test: "job.test.ts",
    title: "who was thought dead until the job was put aside",
  },
  {
    name: "a result behind the word that there is none",
    file: JOB,
    from: "mark?.end === undefined && mark?.dead === undefined",
    to: "mark?.end === undefined",
    test: "job.test.ts",
    title: "who comes late to begin",
  },
  {
    name: "a job that is known to have failed, and nobody knows why",
    file: JOB,
    from: "if (dead !== undefined) return bury",
    to: 'if (dead === "") return bury',
    test: "job.test.ts",
    title: "whoever goes on with putting a job aside",
  },
  {
    name: "whoever is fenced acknowledges what another has not stored yet",
    file: JOB,
    from: 'return last?.mark?.end ? already(delivery) : "left";',
    to: "return already(delivery);",
    test: "kills.test.ts",
    title:
      "workers that are killed or stopped at any two calls leave one result, or one in the dead: a guest that succeeds",
  },
  {
    name: "attempts that are counted where a job is delivered",
    file: JOB,
    from: "(last?.mark?.attempt ?? 1) + 1 : 1",
    to: "delivery.job.attempt : 1",
    test: "job.test.ts",
    title: "deliveries that come to nothing",
  },
  {
    name: "a worker that gives back what comes after it was told to stop",
    file: "work/worker.ts",
    from: "if (delivery !== undefined) await this.#carryOut(delivery);",
    to: "if (delivery !== undefined) this.#isStopping ? delivery.again(0) : await this.#carryOut(delivery);",
    test: "worker.test.ts",
    title: "a job that comes after it was told to stop",
  },
  {
    name: "a job that is put aside in one message, however large",
    file: JOB,
    from: "Math.min(job.data.length + 1, most)",
    to: "job.data.length + 1",
    test: "job.test.ts",
    title: "a job that is as large as a message may be",
  },
  {
    name: "a guest that traps and is taken for done",
    file: JOB,
    from: "return { exitCode: undefined, error: text",
    to: "return { exitCode: 0, error: text",
    test: "job.test.ts",
    title: "a guest that traps",
  },
  {
    name: "a worker that takes a queue that is gone for an outage",
    file: "work/queue.ts",
    from: 'if (failure.kind === "unknown") await this.#confirm();',
    to: "",
    test: "streams.test.ts",
    title: "a worker whose stream of jobs is deleted",
  },
  {
    name: "a lost answer, after which all is sent again",
    file: "log-writer.ts",
    from: "    if (mark?.writer === this.#options.writer) {",
    to: "    if (mark === undefined) {",
    test: "log-sink.test.ts",
    title: "whatever requests and answers are lost",
  },
  {
    name: "a second writer that goes on behind the first",
    file: "log-writer.ts",
    from: "throw new FencedError(this.#log.subject, last.sequence);",
    to: "this.#sequence = last.sequence;",
    test: "log-sink.test.ts",
    title: "of two writers the first wins",
  },
  {
    name: "a message that follows whatever is before it",
    file: "log-writer.ts",
    from: "previous?.id);\n    }",
    to: "undefined);\n    }",
    test: "log-sink.test.ts",
    title: "what follows a record that is lost",
  },
  {
    name: "acknowledged messages that are gone, taken for another writer's",
    file: "log-writer.ts",
    from: "      if (this.#first === undefined) return;\n",
    to: "      throw new FencedError(this.#log.subject, 0);\n",
    test: "log-sink.test.ts",
    title: "what was acknowledged and is gone",
  },
  {
    name: "a stream that is full, and is waited for unasked",
    file: "log-writer.ts",
    from: 'if (trouble.kind === "full" && this.#options.full === "fail") throw trouble;',
    to: 'if (trouble.kind === "full" && this.#options.full === "wait") throw trouble;',
    test: "log-sink.test.ts",
    title: "a stream that is full is a failure",
  },
  {
    name: "a stream that is sealed, and is a failure",
    file: "log-writer.ts",
    from: 'if (trouble.kind === "sealed") throw new PeerClosed({ cause: trouble });',
    to: 'if (trouble.kind === "sealed") throw trouble;',
    test: "log-sink.test.ts",
    title: "a stream that was sealed has nobody behind it",
  },
  {
    name: "an outage that is given up at once",
    file: "retry.ts",
    from: "now - this.#since >= this.#giveUpMs",
    to: "now >= this.#since",
    test: "log-source.test.ts",
    title: "an outage is waited for",
  },
  {
    name: "a message that is missing, and is passed over",
    file: "log-source.ts",
    from: "sequence !== this.#sequence + 1",
    to: "sequence < this.#sequence",
    test: "log-source.test.ts",
    title: "records that are missing",
  },
  {
    name: "an output that has lost its beginning, and is taken for whole",
    file: "log-source.ts",
    from: "this.#options.from === 1 && mark.offset > 0",
    to: "this.#options.from === 0 && mark.offset > 0",
    test: "log-source.test.ts",
    title: "records that are missing",
  },
  {
    name: "a replay that compares nothing",
    file: "stage/replay-sink.ts",
    from: 'if (this.#hash.copy().digest("hex") === this.#known.hash) return;',
    to: "return;",
    test: "stage.test.ts",
    title: "a guest that does not write the same again",
  },
  {
    name: "a stage that begins its segment again and drops nothing",
    file: "stage/segments.ts",
    from: "const known = { bytes: end - segment.start, hash: segment.hash };",
    to: "const known = NOTHING;",
    test: "kills.test.ts",
    title: "a stage that is killed",
  },
  {
    name: "a stage that passes over input that is gone",
    file: "stage/segments.ts",
    from: "if (isExclusive && sequence !== this.last + 1) throw",
    to: "if (isExclusive && sequence <= this.last) throw",
    test: "stage.test.ts",
    title: "input that is gone",
  },
  {
    name: "a put that begins anew behind what is there",
    file: "transfer.ts",
    from: "Math.max(0, resumedAt - seen)",
    to: "0",
    test: "kills.test.ts",
    title: "what is put by one that is killed",
  },
  {
    name: "messages that were on a wire that was cut, and are not missed",
    file: "jetstream-reader.ts",
    from: 'return givenCount("consumer_seq of what was delivered", delivered.consumer_seq, 0) > this.#delivered;',
    to: "return false;",
    test: "wires.test.ts",
    title: "are cut in the middle of the last message: a guest copies",
  },
  {
    name: "an answer that does not come, taken for a refusal",
    file: "answers.ts",
    from: '  "TimeoutError",\n',
    to: "",
    test: "wires.test.ts",
    title: "stand still: a guest copies",
  },
  {
    name: "a message that is still in process, taken for one that is refused",
    file: "answers.ts",
    from: '  10_158: "unknown",\n',
    to: "",
    test: "client.test.ts",
    title: "what a cluster says of a message",
  },
  {
    name: "a record that is there, and is sent again",
    file: "log-writer.ts",
    from: "if (last.sequence === this.#sequence) return;",
    to: "if (last.sequence >= this.#sequence) return;",
    test: "wires.test.ts",
    title: "tell later than is waited for: a guest copies",
  },
  {
    name: "a writer that asks what is stored while something is under way",
    file: "log-writer.ts",
    from: "else if (this.#inFlight === 0) await this.#recover();",
    to: "else await this.#recover();",
    test: "log-sink.test.ts",
    title: "whatever requests and answers are lost",
  },
  {
    name: "an append that expects nothing",
    file: "jetstream-log.ts",
    from: "? { lastSequence: expected } : { lastSubjectSequence: expected };",
    to: "? { lastSequence: expected } : {};",
    test: "processes.test.ts",
    title: "stopped for longer than the server waits",
  },
  {
    name: "a job that is acknowledged before its result is stored, for real",
    file: JOB,
    from: "  try {\n    await stdout.end(0);",
    to: "  delivery.acknowledge();\n  try {\n    await stdout.end(0);",
    test: "processes.test.ts",
    title: "killed at each of their messages leave one end of a job: a guest that succeeds, before",
  },
  {
    name: "a source that waits for what is gone",
    file: "log-source.ts",
    from: "this.#hasBegun && first > this.#sequence + 1",
    to: "this.#hasBegun && first < 0",
    test: "log-source.test.ts",
    title: "records that are missing are a failure while nothing comes",
  },
  {
    name: "a stage that waits for what is gone",
    file: "stage/segments.ts",
    from: "if (this.#log.isExclusive && first > this.last + 1) throw",
    to: "if (this.#log.isExclusive && first < 0) throw",
    test: "stage.test.ts",
    title: "input that is gone stops the stage while",
  },
];

const SOURCES = new URL("../src/nats/", import.meta.url);

/** The file of a mutant, as it is and as it is with the mistake. @throws If the text is not there once. */
export function textsOf({ name, file, from, to }: Mutant): readonly [original: string, changed: string] {
  const original = readFileSync(new URL(file, SOURCES), "utf8");
  if (original.split(from).length !== 2) throw new Error(`${name}: ${file} does not have its text once`);
  return [original, original.replace(from, () => to)];
}

const VARIABLE = "SLUICE_NATS_MUTANT";

/** In the process of a test: puts the mistake in when the file is loaded. */
function insert(mutant: Mutant): void {
  const { href } = new URL(mutant.file, SOURCES);
  const [, source] = textsOf(mutant);
  registerHooks({
    load: (url, context, next) =>
      url === href ? { format: "module-typescript", source, shortCircuit: true } : next(url, context),
  });
}

/** Whether its test passes, with the mistake or without. One that never ends has not passed. */
function passes({ test, title }: Mutant, index: number | undefined): boolean {
  const own = fileURLToPath(import.meta.url);
  const file = fileURLToPath(new URL(`../test/nats/${test}`, import.meta.url));
  const pattern = title.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
  const args = ["--import", own, "--test-reporter=tap", `--test-name-pattern=${pattern}`, file];
  const env = { ...process.env, [VARIABLE]: index === undefined ? "" : String(index) };
  // What it has started, and its files, are to end with it.
  const folder = mkdtempSync(join(tmpdir(), "sluice-mutants-"));
  const options = { env: { ...env, TMPDIR: folder }, encoding: "utf8", timeout: 60_000, detached: true } as const;
  const { status, stdout, pid } = spawnSync(process.execPath, args, options);
  if (status === null) endGroup(pid);
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  if (index === undefined && !/^# pass [1-9]/m.test(stdout)) throw new Error(`no test of ${test} begins with ${title}`);
  return status === 0;
}

/** Ends what a process has started that is over itself. */
function endGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // Nothing is left of it.
  }
}

const chosen = MUTANTS[Number(process.env[VARIABLE] || -1)];
if (chosen) insert(chosen);

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [, , word = ""] = process.argv;
  const wrong: string[] = [];
  const sound = new Set<string>();
  let played = 0;
  for (const [index, mutant] of MUTANTS.entries()) {
    if (!mutant.name.includes(word)) continue;
    const which = `${mutant.test} ${mutant.title}`;
    if (!sound.has(which) && !passes(mutant, undefined)) wrong.push(`fails without a mistake: ${which}`);
    sound.add(which);
    const isFound = !passes(mutant, index);
    if (!isFound) wrong.push(`not found: ${mutant.name}`);
    console.log(`${isFound ? "found" : "NOT FOUND"}: ${mutant.name}`);
    played++;
  }
  for (const line of wrong) console.log(line);
  console.log(`${played} mistakes, ${wrong.length} problems`);
  process.exitCode = wrong.length > 0 ? 1 : 0;
}
