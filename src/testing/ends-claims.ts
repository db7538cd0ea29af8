/* oxlint-disable no-await-in-loop -- the steps of a guest come one after the other */
import { claimsAbout, expect, type Claim, type Fixture } from "./claims.ts";
import { EndsModel, ENDED, sequences, type EndSide, type EndStep, type EndTold } from "./ends-model.ts";
import type { Awaitable } from "./subject.ts";

/** Both ends of one `stream<u8>` or `future<u8>`, each held by a component instance of its own. */
export interface Ends {
  /**
   * What a guest does with one end, and what it is told. Bytes that are written count from 1: those that were not taken are
   * written again by the next write. `drop` tells nothing.
   */
  play(step: EndStep): Awaitable<EndTold>;
  /** All bytes that the reader has been told of. */
  received(): Awaitable<ArrayLike<number>>;
}

/** Makes such ends, as many as are asked for. */
export interface EndsFixture extends Fixture {
  readonly kind: "stream" | "future";
  readonly make: () => Awaitable<Ends>;
}

const claim = claimsAbout<EndsFixture>();

/** How long the sequences are that are all played. */
const DEPTH = { stream: 5, future: 7 } as const;

const copy = (side: EndSide, length: number): EndStep => ({ is: "copy", side, length });
const step = (is: "cancel" | "drop" | "take", side: EndSide): EndStep => ({ is, side });
const OTHER = { read: "write", write: "read" } as const;

function show(told: EndTold): string {
  if (!told) return "nothing";
  const names = Object.keys(ENDED);
  return `${names[told[0]] ?? told[0]} of ${told[1]}`;
}

function describe(played: EndStep): string {
  return `${played.side}.${played.is}${played.is === "copy" ? `(${played.length})` : ""}`;
}

/** Plays steps, and fails at the first whose answer is not what the model says. */
async function playAll({ kind, make }: EndsFixture, steps: readonly EndStep[]): Promise<Ends> {
  const ends = await make();
  const model = new EndsModel(kind === "stream");
  const before: string[] = [];
  let told = 0;
  for (const each of steps) {
    const expected = model.play(each);
    const got = await ends.play(each);
    before.push(`${describe(each)}: ${show(got)}`);
    expect(String(got) === String(expected), `${before.join(", ")}; expected ${show(expected)}`);
    if (each.side === "read" && got) told += kind === "stream" ? got[1] : Number(got[0] === ENDED.completed);
  }
  const received = Array.from(await ends.received());
  expect(
    received.length === told && received.every((byte, at) => byte === at + 1),
    `${before.join(", ")}; the reader has [${received.join()}], expected the first ${told} bytes`,
  );
  return ends;
}

async function forBothSides(run: (side: EndSide, other: EndSide) => Promise<unknown>): Promise<void> {
  for (const side of ["read", "write"] as const) await run(side, OTHER[side]);
}

export const ENDS_CLAIMS: readonly Claim<EndsFixture>[] = [
  claim("12.1", "who comes first waits; who comes second is told at once, and both of the same number", [], (fixture) =>
    forBothSides(async (side, other) => {
      await playAll(fixture, [copy(side, 2), copy(other, 1), step("take", side)]);
      await playAll(fixture, [copy(side, 1), copy(other, 2), step("take", side)]);
    }),
  ),
  claim("12.2", "a copy that is given up tells what it moved", [], (fixture) =>
    forBothSides(async (side, other) => {
      await playAll(fixture, [copy(side, 2), step("cancel", side), copy(side, 1), copy(other, 1)]);
      await playAll(fixture, [copy(side, 2), copy(other, 1), step("cancel", side)]);
    }),
  ),
  claim("12.3", "who waits is told that the other end is gone, and so is who comes later", [], async (fixture) => {
    if (fixture.kind === "stream") {
      await forBothSides(async (side, other) => {
        await playAll(fixture, [copy(side, 2), step("drop", other), step("take", side)]);
        await playAll(fixture, [step("drop", other), copy(side, 2)]);
        // What was moved before counts.
        await playAll(fixture, [copy(side, 2), copy(other, 1), step("drop", other), step("take", side)]);
      });
    } else {
      await playAll(fixture, [copy("write", 1), step("drop", "read"), step("take", "write")]);
      await playAll(fixture, [step("drop", "read"), copy("write", 1)]);
    }
  }),
  claim(
    "12.4",
    "whatever both sides do, in whatever order, they are told what the specification says",
    [],
    async (fixture) => {
      for (const steps of sequences(fixture.kind, DEPTH[fixture.kind])) await playAll(fixture, steps);
    },
  ),
];
