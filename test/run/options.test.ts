/** Options that make no sense are a TypeError that names them, before anything runs. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { PassThrough, Readable } from "node:stream";
import { text as textOf } from "node:stream/consumers";
import { before, describe, test } from "node:test";
import { runInNewContext } from "node:vm";
import {
  CollectSink,
  compile,
  instantiate,
  MemoryFiles,
  Pipe,
  run,
  serve,
  type CompiledComponent,
  type Options,
  type ServeOptions,
} from "../../src/index.ts";
import { inspect, types } from "../../src/inspect.ts";
import { wat } from "../load/wat.ts";
import { compiled, guest } from "./support.ts";

const WRONG: readonly (readonly [name: string, ...values: readonly unknown[]])[] = [
  ["imports", null, "x", [], 5],
  ["syncExports", "no", 0, null],
  ["leases", "no", 1],
  ["args", "abc", [1], [undefined], {}, null, ["a\0b"], ["\ud800"]],
  ["env", { A: null }, { A: 1 }, [["A", "1"]], "A=1", null, { "": "x" }, { "A=B": "x" }, { A: "\0" }],
  ["cwd", 5, null, "a\0"],
  ["preopens", "/", ["/"], null],
  ["blockingFiles", "no", 0],
  ["blockingStdio", "no", 0],
  ["stdin", 5, null, {}],
  ["stdout", 5, null, "inherited"],
  ["stderr", Symbol("x"), true],
  ["signal", true, {}, new AbortController()],
  ["limits", null, "many", []],
  ["permits", "lenient", true, null],
  ["trace", true, "yes", {}],
  ["monotonicClock", {}, { now: () => 1n }, null],
  ["wallClock", { now: 5, resolution: () => {} }],
  ["random", { fill: "x" }, () => {}],
  ["insecureSeed", [1n], [1, 2], [1n, -1n], 5n],
  ["network", "all", 5, null, []],
  ["stdIn", "ignore"],
  ["argv", []],
  ["toString", undefined],
];

describe("options", () => {
  let hello: CompiledComponent;
  before(async () => void (hello = await compiled("hello")));

  for (const [name, ...values] of WRONG) {
    test(`${name} that makes no sense is named`, async () => {
      for (const value of values) {
        const stdout = new CollectSink();
        // Wrong on purpose.
        const options = { ...(name === "stdout" ? {} : { stdout }), [name]: value } as unknown as Options;
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        await assert.rejects(run(hello, options), (error) => {
          assert.ok(error instanceof TypeError, String(error));
          assert.ok(error.message.includes(name), error.message);
          assert.match(error.message, /expected|must be/);
          return true;
        });
        assert.equal(stdout.text(), "", "it has run");
      }
    });
  }

  test("what is no object at all", async () => {
    for (const options of [null, "x", 5, []]) {
      // Wrong on purpose.
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await assert.rejects(run(hello, options as unknown as Options), /The options must be an object/);
    }
  });

  test("what is undefined counts as left out", async () => {
    const options = Object.fromEntries(WRONG.slice(0, 20).map(([name]) => [name, undefined]));
    assert.equal((await run(hello, options)).exitCode, 0);
  });
});

const isolated = (component: Uint8Array) => run(component, { isolate: "thread" });

test("what is often given in the place of something else is told what of it would do", async () => {
  const hello = await compiled("hello");
  const said = async (act: () => Promise<unknown>): Promise<string> =>
    act().then(
      () => "",
      (error: unknown) => String(error),
    );
  const given: readonly (readonly [options: object, expected: RegExp])[] = [
    [{ stdin: "text" }, /got "text"; text is given as \{ text \}$/],
    [{ stdin: new Pipe(1) }, /; give its source$/],
    [{ stdin: new Blob(["text"]) }, /; give its stream\(\)$/],
    [{ stdin: new Response("text") }, /; give its body$/],
    [{ stdin: new TransformStream() }, /; give its readable$/],
    [{ stdout: new Pipe(1) }, /; give its sink$/],
    [{ stdout: new TransformStream() }, /; give its writable$/],
    [{ stdout: "text" }, /got "text"$/],
    [{ preopens: { "/": new MemoryFiles() } }, /; give its root\(\)$/],
  ];
  for (const [options, expected] of given) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    assert.match(await said(() => run(hello, options)), expected);
  }
  const handler = await compiled("http-handler");
  assert.match(
    await said(() => serve(handler, { reus: 1 } as ServeOptions)),
    /no option "reus": expected reuse, .*, args, /,
  );
  const guests = await serve(handler);
  for (const url of ["/", "http://localhost/", new URL("http://localhost/")]) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    assert.match(await said(() => guests.fetch(url as never)), /fetch takes a Request, got /);
  }
  await guests.close();
});

test("a directory's word is one that there is, since a guest could write else", async () => {
  const hello = await compiled("hello");
  const directory = new MemoryFiles().root();
  for (const word of [{ readonly: true }, { readOnly: "yes" }, { readOnly: 1 }, { readOnly: true, writable: true }]) {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it is none
    const preopens = { "/data": { directory, ...word } } as NonNullable<Options["preopens"]>;
    for (const options of [{ preopens }, { preopens, isolate: "thread" }] as const) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await assert.rejects(run(hello, options), {
        name: "PreopenError",
        message: `preopens["/data"]: expected { directory, readOnly: true or false }, got ${JSON.stringify(word)}`,
      });
    }
  }
  assert.equal((await run(hello, { preopens: { "/data": { directory, readOnly: undefined } } })).exitCode, 0);
});

test("what others chose stands in quotes in a message, and turns round or hides none of it", async () => {
  const hello = await compiled("hello");
  const odd = "\u202e\u2066\u001b[2J";
  const shown = String.raw`\u{202e}\u{2066}\u001b[2J`;
  const text = String.raw`\u{202e}\u{2066}\u{1b}[2J`;
  const core = await wat(`(module (import "${text}" "${text}\\n  b" (func)))`);
  const runWith = (options: object) => () => run(hello, options);
  const said: readonly (readonly [act: () => Promise<unknown>, expected: string])[] = [
    [runWith({ [odd]: 1 }), `There is no option "${shown}"`],
    [runWith({ args: odd }), `got "${shown}"`],
    [runWith({ preopens: { [odd]: 5 } }), `preopens["${shown}"]`],
    [runWith({ limits: { [odd]: 5 } }), `Unknown limit "${shown}"`],
    [runWith({ limits: { tasks: "5" } }), 'limits.tasks must be a positive whole number, got "5"'],
    [runWith({ network: { tcp: true, connect: [odd] } }), `got "${shown}"`],
    [() => compile(core), String.raw`  \u{202e}\u{2066}\u{1b}[2J#\u{202e}\u{2066}\u{1b}[2J\u{a}  b`],
    [runWith({ isolate: odd }), `The option isolate must be "thread"; got "${shown}"`],
  ];
  for (const [act, expected] of said) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await assert.rejects(act, (error) => {
      assert.ok(String(error).includes(expected), String(error));
      return true;
    });
  }
});

test("a variable that is undefined is not there, as in an environment of Node's", async () => {
  const stdout = new CollectSink();
  await run(await compiled("env"), { env: { ONE: "1", NONE: undefined, TWO: "2" }, stdout });
  assert.deepEqual(stdout.text().match(/\w+=\w*/g), ["ONE=1", "TWO=2"]);
});

test("compile takes what fetch gives, also before it has come", async () => {
  const bytes = new Uint8Array(await guest("hello"));
  for (const given of [new Response(bytes), Promise.resolve(new Response(bytes)), guest("hello")]) {
    const stdout = new CollectSink();
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await run(await compile(given), { stdout });
    assert.equal(stdout.text(), "hello\n");
  }
});

test("what was not fetched is no component, and says why", async () => {
  const absent = new Response("not here", { status: 404, statusText: "Not Found" });
  await assert.rejects(compile(absent), {
    name: "TypeError",
    message: 'A component cannot be had from "": 404 Not Found',
  });
  const read = new Response(new Uint8Array(8));
  await read.arrayBuffer();
  await assert.rejects(compile(read), TypeError);
  const failure = new TypeError("fetch failed");
  await assert.rejects(compile(Promise.reject(failure)), failure);
  await assert.rejects(compile(new Response("<html>")), { name: "InvalidComponentError" });
});

test("who takes no promise and no response says what to do with it", async () => {
  for (const take of [instantiate, run, serve, isolated]) {
    // What nobody writes who has TypeScript look at it.
    const given = (value: unknown): Uint8Array => value as Uint8Array;
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await assert.rejects(
      async () => take(given(Promise.resolve(new Uint8Array(8)))),
      /got an object Promise\. Wait for it first$/,
    );
    // oxlint-disable-next-line no-await-in-loop -- as above
    await assert.rejects(async () => take(given(new Response())), /got an object Response\. Give await compile\(it\)$/);
  }
});

test("what is no component is refused in words, with what to do, by whatever takes one", async () => {
  const cases: readonly (readonly [unknown, RegExp])[] = [
    ["app.wasm", /got "app\.wasm"\. If that is a path, read the file first$/],
    [new ArrayBuffer(8), /got an object ArrayBuffer\. Give new Uint8Array\(it\)$/],
    [new Blob(["x"]), /got an object Blob\. Give new Uint8Array\(await it\.arrayBuffer\(\)\)$/],
    [new Uint16Array(4), /got 8 bytes$/],
    [undefined, /got undefined$/],
    [null, /got null$/],
    [5, /got 5$/],
    [{}, /got \{\}$/],
  ];
  for (const [given, message] of cases) {
    // What nobody writes who has TypeScript look at it.
    const component = given as Uint8Array;
    for (const take of [compile, instantiate, run, serve, isolated, inspect, types]) {
      await assert.rejects(
        async () => take(component),
        (error) =>
          error instanceof TypeError &&
          error.message.startsWith("A component must be a Uint8Array") &&
          message.test(error.message),
        `${take.name} of ${String(given)}`,
      );
    }
  }
});

test("bytes of another realm, as of a test runner with globals of its own, are bytes", async () => {
  const bytes = await readFile(new URL("../guests/built/hello.wasm", import.meta.url));
  const other = runInNewContext("Uint8Array.from(bytes)", { bytes }) as Uint8Array;
  assert.ok(!(other instanceof Uint8Array));
  const output = new CollectSink();
  assert.equal((await run(other, { stdout: output })).exitCode, 0);
  assert.equal(output.text(), "hello\n");
  assert.equal((await compile(other)).exports.length > 0, true);
  assert.equal(inspect(other).kind, "component");
});

test("serve tells of a stream that is none when it is called, and opens none", async () => {
  const handler = await compiled("http-handler");
  for (const isolate of [undefined, "thread"] as const) {
    for (const name of ["stdin", "stdout", "stderr"] as const) {
      for (const value of [7, "text", {}, new Pipe(1)]) {
        const component = isolate ? await guest("http-handler") : handler;
        // Wrong on purpose.
        const options = { [name]: value, isolate } as unknown as ServeOptions;
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        await assert.rejects(serve(component, options), {
          name: "TypeError",
          message: new RegExp(`^${name} must be "inherit", "ignore", `),
        });
      }
    }
  }
  let isAsked = false;
  const stdin = { [Symbol.iterator]: () => ((isAsked = true), [].values()) };
  const { readable, writable } = new TransformStream();
  for (const options of [{ stdin }, { stdin: readable }, { stdout: writable }, { stderr: "inherit" as const }]) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await (await serve(handler, options)).close();
  }
  assert.deepEqual([isAsked, readable.locked, writable.locked], [false, false, false]);
});

test("a stream beside one that is none is as it was", async () => {
  const hello = await compiled("hello");
  for (const isolate of [undefined, "thread"] as const) {
    const component = isolate ? await guest("hello") : hello;
    const stdout = new PassThrough();
    const stdin = Readable.from(["text"]);
    // Wrong on purpose.
    await assert.rejects(
      run(component, { stdin, stdout, stderr: 7, isolate } as unknown as Options),
      /^TypeError: stderr/,
    );
    assert.deepEqual([stdout.destroyed, stdout.writableEnded, stdin.destroyed], [false, false, false]);
    assert.equal(await textOf(stdin), "text");
  }
});
