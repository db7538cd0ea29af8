/** What a person is told who types something else than we expect: one line, and exit code 1. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { guest, sluice } from "./support.ts";

const MISTAKES: readonly [args: readonly string[], message: string][] = [
  [[], "Expected a component, got none: try `sluice run app.wasm`, or `sluice --help`"],
  [["run"], "Expected a component, got none: try `sluice run app.wasm`, or `sluice --help`"],
  [["--stats"], "Expected a component, got none: try `sluice run app.wasm`, or `sluice --help`"],
  [["--bogus", "x"], "There is no option --bogus: see `sluice help run`"],
  [["-x"], "There is no option -x: see `sluice help run`"],
  [["run", "--stat", "x"], "There is no option --stat; did you mean --stats?: see `sluice help run`"],
  [["--stats=yes", "x"], '--stats takes no value, got "yes": leave it out'],
  [["--env"], "--env needs a value: expected NAME=VALUE, or NAME to pass on your own"],
  [
    ["--env", "--stats", "x"],
    '--env needs a value: expected NAME=VALUE, or NAME to pass on your own, got "--stats"; ' +
      "if that is the value, write --env=--stats",
  ],
  [["--env", "=x", "x"], '--env expects NAME=VALUE or NAME, got "=x"'],
  [["--argv0"], "--argv0 needs a value: expected a name, such as --argv0 app"],
  [["--permits", "lax", "x"], '--permits expects "strict" or "budget", got "lax"'],
  [
    ["--limit", "bytes=1", "x"],
    '--limit expects NAME=NUMBER with one of bufferBytes, readBytes, resources, openFiles, sockets, datagramBytes, lookups, randomBytes, valueBytes, pollables, writeBytes, fieldBytes, tasks, listedEntries; got "bytes=1"',
  ],
  [["--limit", "resources", "x"], '--limit resources expects a whole number from 1 on, got ""'],
  [["--limit", "resources=0", "x"], '--limit resources expects a whole number from 1 on, got "0"'],
  [["--limit", "resources=1e3", "x"], '--limit resources expects a whole number from 1 on, got "1e3"'],
  [
    ["help", "foo"],
    'There is no help about "foo": expected "run", "serve", "build", "types", "inspect", "work", "pipe", "put", "get" or nothing',
  ],
  [["nosuch.wasm"], "nosuch.wasm: There is no such file: expected a component"],
  [[""], '"": There is no such file: expected a component'],
  [["run", "a\nb.wasm"], '"a\\nb.wasm": There is no such file: expected a component'],
  [["run", "--plug", "no/such", guest("cat")], "no/such: There is no such file: expected a component"],
  [
    ["run", "--http", "app.wasm"],
    "Expected a component, got none: app.wasm was taken for the value of --http; try `sluice run app.wasm`, or `sluice --help`",
  ],
  [
    ["serve", "--env", "app.wasm"],
    "Expected a component, got none: app.wasm was taken for the value of --env; try `sluice serve app.wasm`",
  ],
  [["serve", "--bogus", "x"], "There is no option --bogus: see `sluice help serve`"],
  [["build", "--bogus", "x"], "There is no option --bogus: see `sluice help build`"],
  [
    ["--dir", "/no/such", guest("hello")],
    "/no/such: There is no such directory: --dir and --ro-dir expect HOST or HOST::GUEST",
  ],
  [
    ["--ro-dir", `${guest("hello")}::/x`, guest("hello")],
    `${guest("hello")}: This is no directory: --dir and --ro-dir expect HOST or HOST::GUEST`,
  ],
  [
    ["--stats", "--dir", "/no/such", guest("hello")],
    "/no/such: There is no such directory: --dir and --ro-dir expect HOST or HOST::GUEST",
  ],
  [
    ["--invoke", "greet(you)", guest("multi-export")],
    '--invoke "greet(you)": parameter name, column 7: expected string, with its double quotes, got "you"',
  ],
  [
    ["--invoke", " add( 1, true )", guest("multi-export")],
    '--invoke " add( 1, true )": parameter b, column 10: expected u32, got "true"',
  ],
  [
    ["rnu", guest("hello")],
    "rnu: There is no such file: expected a component, or a command (run, serve, build, types, inspect, work, pipe, put, get, help)",
  ],
  [
    ["--", "run"],
    "run: There is no such file: expected a component, or a command (run, serve, build, types, inspect, work, pipe, put, get, help)",
  ],
  [["run", "/"], "/: This is a folder: expected the file of a component"],
];

describe("usage", { concurrency: 4 }, () => {
  for (const [args, message] of MISTAKES) {
    test(`sluice ${args.join(" ")}`, async () => {
      const { code, stdout, stderr } = await sluice(args);
      assert.equal(stderr, `sluice: ${message}\n`);
      assert.equal(stdout, "");
      assert.equal(code, 1);
    });
  }
});
