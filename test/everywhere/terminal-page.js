// A guest in a terminal of xterm.js, that somebody types to. What is imported from packages is theirs, so that this is no TypeScript.
import { Terminal } from "@xterm/xterm";
import { openpty } from "xterm-pty";
import { compile, run } from "../../src/browser.ts";
import { openTerminal } from "../../src/terminal.ts";

/** The lines of a terminal that are not empty. */
function linesOf({ buffer }) {
  const lines = Array.from({ length: buffer.active.length }, (_, row) => buffer.active.getLine(row));
  return lines.map((line) => line.translateToString(true)).filter((line) => line !== "");
}

/** Runs a guest while this is typed. Gives how it ended, and what the terminal shows then. */
globalThis.typeTo = async (name, ...keys) => {
  const xterm = new Terminal({ cols: 40, rows: 10 });
  const { master, slave } = openpty();
  xterm.loadAddon(master);
  const { stdin, stdout, stderr, env, signal } = openTerminal(slave);
  const response = await fetch(`/guests/built/${name}.wasm`);
  const component = await compile(new Uint8Array(await response.arrayBuffer()));
  const running = run(component, { args: [name], stdin, stdout, stderr, env, signal });
  for (const key of keys) xterm.input(key);
  const ended = await running.then(
    ({ exitCode }) => `exit ${exitCode}`,
    (error) => error.name,
  );
  // What comes after all that was written.
  await new Promise((resolve) => xterm.write("", resolve));
  const lines = linesOf(xterm);
  xterm.dispose();
  return [ended, ...lines];
};
