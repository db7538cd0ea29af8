/** Pollables that are broken on purpose, one rule each. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { checkPollable, type PollableFixture, type PollableSubject } from "../../src/testing/index.ts";
import { brokenRules, only } from "./mutants.ts";

const POLLABLE_MUTANTS: readonly {
  readonly name: string;
  readonly rule: string;
  readonly break: (flag: { up: boolean }) => Partial<PollableSubject> & Pick<PollableFixture, "poll">;
}[] = [
  { name: "ready says yes when it is asked often", rule: "4.2", break: () => asksOften() },
  {
    name: "ready says it once",
    rule: "4.2",
    break(flag) {
      let told = false;
      return {
        ready() {
          const answer = flag.up && !told;
          told ||= answer;
          return answer;
        },
      };
    },
  },
  { name: "block returns at once", rule: "4.3", break: () => ({ block: () => {} }) },
  { name: "block never returns", rule: "4.3", break: () => ({ block: () => new Promise(() => {}) }) },
  { name: "poll of nothing gives nothing", rule: "4.4", break: () => ({ poll: () => [] }) },
  { name: "poll gives the first only", rule: "4.6", break: () => ({ poll: (list) => (list.length > 0 ? [0] : []) }) },
  {
    name: "poll gives positions as they come",
    rule: "4.7",
    break: () => ({ poll: (list) => [...list.keys()].toReversed() }),
  },
];

function asksOften(): Partial<PollableSubject> {
  let asked = 0;
  return { ready: () => ++asked > 50 };
}

for (const mutant of POLLABLE_MUTANTS) {
  test(`a pollable where ${mutant.name} breaks ${mutant.rule}`, async () => {
    const make = (): PollableFixture => {
      const flag = { up: false };
      const waiting: (() => void)[] = [];
      const { poll, ...own } = mutant.break(flag);
      const pollable = {
        ready: () => flag.up,
        block: () => (flag.up ? undefined : new Promise<void>((resolve) => void waiting.push(resolve))),
        ...own,
      };
      return {
        pollable,
        another: () => pollable,
        makeReady() {
          flag.up = true;
          for (const resolve of waiting) resolve();
        },
        ...(poll && { poll }),
      };
    };
    const broken = await brokenRules(checkPollable(make, only(mutant)));
    assert.ok(broken.includes(mutant.rule), `it broke ${broken.join(", ") || "nothing"}`);
  });
}
