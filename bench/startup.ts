/** From the start of the command to its end, for a small component that is in the cache, against `node -e 0`. */
import { command, guestPath, millisecondsOf } from "./guests.ts";
import { spreadOf, type Row } from "./table.ts";

const ROUNDS = 15;

export async function startup(): Promise<Row[]> {
  const hello = [command, "run", guestPath("hello")];
  await millisecondsOf(hello);
  const [ours, peers]: [number[], number[]] = [[], []];
  for (let round = 0; round < ROUNDS; round++) {
    ours.push(await millisecondsOf(hello));
    peers.push(await millisecondsOf(["-e", "0"]));
  }
  return [
    {
      what: "sluice run hello.wasm, cached",
      ours: spreadOf(ours),
      peer: { name: "node -e 0", spread: spreadOf(peers) },
      unit: "ms",
      target: "60 ms more or less",
    },
  ];
}
