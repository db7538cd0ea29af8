// Runs guests, and then asks whether the page's policy was really in force.
import { compile, instantiate, MemoryFiles, precompiled, run } from "../../../dist/browser.js";

/** The directives that something was refused for, from the start on. */
const refused = [];
document.addEventListener("securitypolicyviolation", ({ effectiveDirective, blockedURI }) =>
  refused.push(`${effectiveDirective} ${blockedURI}`),
);

async function component(name) {
  const response = await fetch(`../../guests/built/${name}.wasm`);
  if (!response.ok) throw new Error(`${name}: ${response.status}`);
  return compile(new Uint8Array(await response.arrayBuffer()));
}

/** One that was built ahead. */
async function ahead(name) {
  const folder = `../../../ahead/${name}`;
  const names = await (await fetch(`${folder}/modules.json`)).json();
  return precompiled(
    await Promise.all(names.map((one) => WebAssembly.compileStreaming(fetch(`${folder}/${one}.wasm`)))),
  );
}

/** A stream that takes one chunk at a time, and text of all of them. */
function collector() {
  const decoder = new TextDecoder();
  let text = "";
  const stream = new WritableStream({
    write(chunk) {
      text += decoder.decode(chunk, { stream: true });
    },
  });
  return { stream, text: () => text };
}

async function command(name, { input = "", from = component, ...options } = {}) {
  const stdout = collector();
  const stderr = collector();
  const stdin = new Blob([input]).stream();
  const given = { stdin, stdout: stdout.stream, stderr: stderr.stream, ...options };
  const { exitCode } = await run(await from(name), given);
  return { exitCode, stdout: stdout.text(), stderr: stderr.text() };
}

/** Calls an export whose import gives a promise that only a later task settles. */
async function scaled(x) {
  const scale = (value) => new Promise((resolve) => void setTimeout(resolve, 1, value * 10));
  const { exports, close } = await instantiate(await component("scale"), {
    imports: { "docs:demo/host": { scale } },
  });
  const result = await exports.scaleTwice(x);
  await close();
  return result;
}

/** What components are put together of at run time: one implements the streams of the other. */
async function linked(input) {
  const stdout = collector();
  const stdin = new Blob([input]).stream();
  const streams = await instantiate(await component("virtual-streams"), { stdin, stdout: stdout.stream });
  const { exitCode } = await run(await component("cat"), { imports: streams.exports });
  await streams.close();
  return { exitCode, stdout: stdout.text(), stderr: "" };
}

/** The names of the errors of what makes code of text, or "none". */
function madeOfText() {
  const attempts = {
    // oxlint-disable-next-line typescript/no-implied-eval, no-new-func -- shall be refused
    "new Function": () => new Function("return 1"),
    // oxlint-disable-next-line no-eval -- shall be refused
    eval: () => (0, eval)("1"),
  };
  return Object.fromEntries(
    Object.entries(attempts).map(([name, attempt]) => {
      try {
        attempt();
        return [name, "none"];
      } catch (error) {
        return [name, error.name];
      }
    }),
  );
}

/** A violation is told of in a task that comes after it. */
const told = () => new Promise((resolve) => void setTimeout(resolve, 1));

export async function play() {
  const commands = {
    hello: await command("hello"),
    wc: await command("wc", { input: "one two\nthree\n" }),
    "composed-streams": await command("composed-streams", { input: "one\ntwo\n" }),
    "timer-not-early": await command("timer-not-early"),
    "random-lengths": await command("random-lengths"),
    "exit-status": await command("exit-status", { args: ["exit-status", "7"] }),
    "cat-files": await command("cat-files", {
      args: ["cat-files", "/data/note.txt"],
      preopens: { "/data": MemoryFiles.from({ "note.txt": "a note\n" }).root() },
    }),
    "p1/wc": await command("p1/wc", { input: "one two\nthree\n" }),
    "cat over virtual-streams": await linked("one\ntwo\n"),
    "hello, built ahead": await command("hello", { from: ahead }),
    "composed-streams, built ahead": await command("composed-streams", { input: "one\ntwo\n", from: ahead }),
    "timer-not-early, built ahead": await command("timer-not-early", { from: ahead }),
    "p3-cat, built ahead": await command("p3-cat", { input: "one two\n", from: ahead }),
  };
  const scale = await scaled(7);
  await told();
  const refusedToGuests = [...refused];
  const ofText = madeOfText();
  await told();
  return { commands, scale, refusedToGuests, madeOfText: ofText, refused: refused.slice(refusedToGuests.length) };
}
