/** What the playground makes of what people do, without a page. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { componentOf } from "../load/made.ts";
import { CollectSink, PeerClosed, Pipe } from "sluice";
import { inspect } from "../../src/inspect.ts";
import { callable, callOf, callText, shortOf } from "../../site/page/call.ts";
import { OPEN, bytesText, envOf, fieldsOf, rateOf, wordsOf } from "../../site/page/format.ts";
import { Stage, type Guest } from "../../site/page/model.ts";
import { excerptOf, searched, wordsIn, type Section } from "../../site/page/searching.ts";
import { unzip } from "../../site/page/zip.ts";
import { Feeder, Screen } from "../../site/worker/ends.ts";
import { Gate } from "../../site/worker/gate.ts";
import { Pump } from "../../site/worker/pump.ts";
import { kindOf } from "../../site/worker/recorder.ts";
import { RemoteTerminal } from "../../site/worker/remote-terminal.ts";

function stageOf(...names: readonly string[]): { stage: Stage; guests: readonly Guest[] } {
  const stage = new Stage();
  const guests = names.map((name) => stage.add({ name, origin: "test", component: new Uint8Array() }));
  return { stage, guests };
}

function lanes(stage: Stage): readonly string[] {
  return stage.lanes().map((lane) => lane.map(({ name }) => name).join(" | "));
}

test("guests that nobody has wired each have a lane of their own", () => {
  const { stage } = stageOf("a", "b", "c");
  assert.deepEqual(lanes(stage), ["a", "b", "c"]);
  assert.throws(() => stage.add({ name: "d", origin: "test", component: new Uint8Array() }), RangeError);
});

test("an input has one writer, and no stream flows in a circle", () => {
  const { stage, guests } = stageOf("a", "b", "c");
  const [a, b, c] = guests;
  assert.ok(a && b && c);
  stage.connect(a, b);
  stage.connect(b, c);
  assert.deepEqual(lanes(stage), ["a | b | c"]);
  for (const from of guests) assert.equal(stage.canConnect(from, a), false, from.name);
  stage.connect(c, a);
  assert.deepEqual(lanes(stage), ["a | b | c"]);
  stage.connect(a, c);
  assert.deepEqual(lanes(stage), ["a | c", "b"]);
  stage.remove(c);
  assert.deepEqual(lanes(stage), ["a", "b"]);
});

test("a pipe closes behind a guest that is taken out of it", () => {
  const { stage, guests } = stageOf("a", "b", "c");
  const [a, b, c] = guests;
  assert.ok(a && b && c);
  stage.connect(a, b);
  stage.connect(b, c);
  stage.remove(b);
  assert.deepEqual(lanes(stage), ["a | c"]);
});

test("a plan has an input for each lane and an output for each guest", () => {
  const { stage, guests } = stageOf("a", "b");
  const [a, b] = guests;
  assert.ok(a && b);
  stage.connect(a, b);
  a.gate = 0;
  a.args = "one 'two three'";
  const { guests: planned, channels } = stage.plan();
  assert.deepEqual(planned[0]?.args, ["one", "two three"]);
  assert.deepEqual(
    channels.map(({ from, to, rate }) => [from.is, to.is, rate]),
    [
      ["input", "guest", Infinity],
      ["guest", "guest", 0],
      ["guest", "screen", Infinity],
    ],
  );
});

test("who is asked by a guest is behind it, has no pipe, and asks nobody who asks it", async () => {
  const component = await readFile(new URL("../guests/built/http-middleware-p3.wasm", import.meta.url));
  const stage = new Stage();
  const [a, b, c] = ["a", "b", "c"].map((name) => stage.add({ name, origin: "test", component }));
  assert.ok(a && b && c);
  stage.connect(a, b);
  stage.ask(a, c);
  assert.deepEqual(lanes(stage), ["a | b", "c"]);
  assert.deepEqual([stage.askerOf(c), stage.headOf(c), stage.askerOf(b)], [a, a, undefined]);
  assert.deepEqual([stage.canAsk(c, a), stage.canConnect(c, b), stage.canAsk(c, b)], [false, false, true]);
  const { guests, channels } = stage.plan();
  assert.deepEqual(
    guests.map(({ server, request }) => [server, request !== undefined]),
    [
      [2, true],
      [undefined, true],
      [undefined, false],
    ],
  );
  assert.deepEqual(
    channels.map(({ from, to }) => `${from.is} ${to.is}`),
    ["input guest", "guest guest", "guest screen", "asker guest", "guest asker"],
  );
  assert.deepEqual(
    stage.screens().map(({ name }) => name),
    ["b"],
  );
  // It leaves the pipe for that, and comes back without.
  stage.ask(c, b);
  assert.deepEqual(lanes(stage), ["a", "c", "b"]);
  stage.connect(a, b);
  assert.deepEqual([lanes(stage), c.server], [["a | b", "c"], undefined]);
  stage.remove(c);
  assert.equal(a.server, undefined);
});

test("a gate lets through what its rate allows, and one drop more when it is told to", () => {
  const sink = new CollectSink();
  const gate = new Gate(sink, 0);
  let woken = 0;
  gate.watch({ wake: () => woken++ });
  assert.equal(gate.write(new Uint8Array(100)), 0);
  gate.tick(1000);
  assert.equal(gate.write(new Uint8Array(100)), 0, "it is closed");
  gate.let(7);
  assert.equal(gate.write(new Uint8Array(100)), 7);
  gate.rate = 50;
  gate.tick(1000);
  assert.equal(gate.write(new Uint8Array(100)), 50);
  gate.tick(1000);
  gate.tick(1000);
  assert.equal(gate.write(new Uint8Array(100)), 51, "no more than a byte is saved up");
  gate.rate = Infinity;
  assert.equal(gate.write(new Uint8Array(1000)), 1000);
  assert.equal(gate.passedBytes, 1108);
  assert.equal(woken, 6);
});

test("a slow gate lets a byte through now and then", () => {
  const gate = new Gate(new CollectSink(), 16);
  let taken = 0;
  for (let tick = 0; tick < 1000; tick++) {
    gate.tick(10);
    taken += gate.write(new Uint8Array(100));
  }
  assert.ok(taken > 155 && taken <= 160, `${taken} bytes in ten seconds`);
});

test("a pump moves what is taken, holds no more than a piece, and tells each end of the other", async () => {
  const [from, to] = [new Pipe(10_000), new Pipe(5)];
  const pump = new Pump(from.source, to.sink);
  from.sink.write(new Uint8Array(9000).fill(1));
  await Promise.resolve();
  assert.deepEqual([pump.takenBytes, pump.heldBytes], [4096, 4091]);
  await from.sink.close();
  let bytes = 0;
  for (let piece = to.source.read(10); piece; piece = to.source.read(10)) {
    bytes += piece.length;
    // oxlint-disable-next-line no-await-in-loop -- a pipe tells the other end then
    await Promise.resolve();
  }
  await pump.ended;
  assert.deepEqual([bytes, pump.isOver, pump.heldBytes], [9000, true, 0]);

  const [failing, after] = [new Pipe(5), new Pipe(5)];
  const failed = new Pump(failing.source, after.sink);
  failing.sink.abort(new Error("broken"));
  await assert.rejects(failed.ended, /broken/);
  assert.throws(() => after.source.read(1), /broken/);

  const [unread, left] = [new Pipe(5), new Pipe(5)];
  const stopped = new Pump(unread.source, left.sink);
  left.source.close();
  unread.sink.write(new Uint8Array(1));
  await stopped.ended;
  assert.throws(() => unread.sink.write(new Uint8Array(1)), PeerClosed);
});

test("a terminal in the page is one for whoever runs elsewhere", () => {
  const shown: number[][] = [];
  const terminal = new RemoteTerminal({ columns: 80, rows: 18 }, (bytes) => void shown.push([...bytes]));
  const heard: string[] = [];
  const reading = terminal.onReadable(() => void heard.push(`typed ${terminal.read().join()}`));
  terminal.onWritable(() => void heard.push("shown"));
  terminal.onSignal((name) => void heard.push(name));
  terminal.hear({ is: "typed", bytes: [1, 2] });
  terminal.hear({ is: "typed", bytes: [] });
  terminal.write([3]);
  terminal.hear({ is: "shown" });
  terminal.hear({ is: "signal", name: "SIGINT" });
  reading.dispose();
  terminal.hear({ is: "typed", bytes: [4] });
  assert.deepEqual(heard, ["typed 1,2", "typed ", "shown", "SIGINT"]);
  assert.deepEqual([shown, terminal.readable, terminal.read(), terminal.ioctl()], [[[3]], true, [4], [80, 18]]);
});

test("a pipe that begins in a terminal ends there, and others do not", () => {
  const { stage, guests } = stageOf("a", "b", "c");
  const [a, b, c] = guests;
  assert.ok(a && b && c);
  stage.connect(a, b);
  c.input.mode = "terminal";
  const size = { columns: 80, rows: 18 };
  assert.deepEqual(
    stage.plan([size]).channels.map(({ from, to }) => [from.is, to.is]),
    [
      ["input", "guest"],
      ["guest", "guest"],
      ["guest", "screen"],
      ["terminal", "guest"],
      ["guest", "terminal"],
    ],
  );
  assert.deepEqual(
    stage.plan([size]).guests.map(({ terminal }) => terminal),
    [undefined, undefined, 0],
  );
  assert.deepEqual(
    stage.screens().map(({ terminal }) => terminal),
    [undefined, 0],
  );
});

test("a feeder puts in what is taken, and closes after the last", async () => {
  const pipe = new Pipe(4);
  const feeder = new Feeder(pipe.sink);
  feeder.add(new Uint8Array([1, 2, 3, 4, 5, 6]), false);
  assert.equal(feeder.bufferedBytes, 2);
  assert.deepEqual([...(pipe.source.read(10) ?? [])], [1, 2, 3, 4]);
  feeder.add(new Uint8Array(), true);
  await Promise.resolve();
  assert.deepEqual([...(pipe.source.read(10) ?? [])], [5, 6]);
  assert.equal(pipe.source.read(10), null);
  assert.equal(feeder.isOver, true);
});

test("a screen keeps the last of what was too fast, and counts the rest", () => {
  const screen = new Screen();
  assert.equal(screen.take(), undefined);
  for (let chunk = 0; chunk < 10; chunk++) screen.write(new Uint8Array(10_000).fill(chunk));
  const shown = screen.take();
  assert.ok(shown);
  assert.equal(shown.bytes.length + shown.skipped, 100_000);
  assert.ok(shown.bytes.length < 30_000);
  assert.equal(shown.bytes.at(-1), 9);
});

test("words of a command line, variables, numbers, and kinds of calls", () => {
  assert.deepEqual(wordsOf(`a "b c"'d' \\"e '' `), ["a", "b cd", '"e', ""]);
  assert.deepEqual(envOf("A=1\nno\n B =x=y"), { A: "1", B: "x=y" });
  assert.deepEqual(fieldsOf("a: b\nno\nHost:x:1\n: y"), [
    ["a", "b"],
    ["Host", "x:1"],
  ]);
  assert.deepEqual([0, 1, 3, OPEN].map(rateOf), [0, 16, 32, Infinity]);
  assert.deepEqual([0, 1023, 1024, 1536, 65_536, 10_000_000].map(bytesText), [
    "0 B",
    "1023 B",
    "1 KiB",
    "1.5 KiB",
    "64 KiB",
    "9.5 MiB",
  ]);
  assert.equal(kindOf("wasi:io/streams#[method]output-stream.subscribe"), "wait");
  assert.equal(kindOf("wasi:io/streams#[method]output-stream.blocking-write-and-flush"), "write");
  assert.equal(kindOf("wasi:io/streams#[method]output-stream.blocking-flush"), "flush");
  assert.equal(kindOf("wasi:cli/environment#get-arguments"), "other");
});

/** `data/`, `data/a.txt` as it is, and `b.txt` deflated, with a comment at the end. */
const ARCHIVE =
  "UEsDBBQAAAAAAAAAIQAAAAAAAAAAAAAAAAAFAAAAZGF0YS9QSwMEFAAAAAAAAAAhAJ+oF/gEAAAABAAAAAoAAABkYXRhL2EudHh0" +
  "b25lClBLAwQUAAAACAAAACEAKn9n6QkAAADIAAAABQAAAGIudHh0KynPVygZBhgAUEsBAhQDFAAAAAAAAAAhAAAAAAAAAAAAAAAA" +
  "AAUAAAAAAAAAAAAAAIABAAAAAGRhdGEvUEsBAhQDFAAAAAAAAAAhAJ+oF/gEAAAABAAAAAoAAAAAAAAAAAAAAIABIwAAAGRhdGEv" +
  "YS50eHRQSwECFAMUAAAACAAAACEAKn9n6QkAAADIAAAABQAAAAAAAAAAAAAAgAFPAAAAYi50eHRQSwUGAAAAAAMAAwCeAAAAewAA" +
  "AAQAa2VwdA==";
/** `../x` */
const LEADING_OUT =
  "UEsDBBQAAAAAAAAAIQAVJtv7AQAAAAEAAAAEAAAALi4veHlQSwECFAMUAAAAAAAAACEAFSbb+wEAAAABAAAABAAAAAAAAAAAAAAA" +
  "gAEAAAAALi4veFBLBQYAAAAAAQABADIAAAAjAAAABABrZXB0";

function archive(text: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(text, "base64"));
}

test("an archive is the files in it", async () => {
  const files = await unzip(archive(ARCHIVE));
  const texts = Object.entries(files).map(([path, bytes]) => [path, new TextDecoder().decode(bytes)]);
  assert.deepEqual(texts, [
    ["data/a.txt", "one\n"],
    ["b.txt", "two ".repeat(50)],
  ]);
});

test("an archive that is damaged, or leads out of itself, is refused", async () => {
  await assert.rejects(unzip(archive(LEADING_OUT)), /leads out/);
  await assert.rejects(unzip(new Uint8Array(30)), /no zip archive/);
  // What is after them is the comment.
  const needed = archive(ARCHIVE).length - "kept".length;
  for (let bytes = 0; bytes < needed; bytes++) {
    await assert.rejects(unzip(archive(ARCHIVE).slice(0, bytes)), Error, `${bytes} bytes`);
  }
});

test("a search finds sections that have all words, and those first that say so in their headings", () => {
  const sections: readonly Section[] = [
    { at: "a.html", document: "A", heading: "Streams", text: "what flows (slowly), and how" },
    { at: "b.html#flush", document: "B", heading: "Flush", text: "streams flow, streams wait" },
    { at: "c.html", document: "C", heading: "C", text: "nothing of it" },
  ];
  const found = (query: string): readonly string[] => searched(sections, wordsIn(query)).map(({ at }) => at);
  assert.deepEqual(found(" Streams "), ["a.html", "b.html#flush"]);
  assert.deepEqual(found("flush streams"), ["b.html#flush"]);
  assert.deepEqual(found("flush (slowly)"), []);
  assert.deepEqual(excerptOf("what flows (slowly), and how", ["(slowly)"]), ["what flows ", "(slowly)", ", and how"]);
  const long = excerptOf(`${"x ".repeat(200)}Needle${" y".repeat(200)}`, ["needle"]);
  assert.deepEqual([long.length, long[1]], [3, "Needle"]);
  assert.match(long[0] ?? "", /^…(x ){29}$/);
});

test("calls are made of what is typed, by the types", () => {
  const component = componentOf(
    `package a:b; world root { enum e { true, other } export f: func(text: string, flag: bool, one: e); }`,
  );
  const functions = callable(inspect(component));
  const call = callOf(functions[0]);
  assert.ok(call);
  assert.equal(callText(call, functions), 'f("world", true, %true)');
  assert.equal(
    callText({ name: "f", values: ['a "b"\n', "false", "other"] }, functions),
    'f("a \\"b\\"\\u{a}", false, other)',
  );
  assert.equal(shortOf('a:b/c.d("e/f")'), 'c.d("e/f")');
  assert.deepEqual(callable("no component"), []);
});
