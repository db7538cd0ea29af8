/* oxlint-disable no-await-in-loop -- claims are tried one after the other, so that they do not disturb each other */
import { assertFits, assertFunction, isFunction, shaped, type Shape } from "../io/assert-shape.ts";
import { messageOf } from "../io/cause.ts";
import { isObject } from "../io/shape.ts";
import { attempt, type Awaitable, type Outcome } from "./subject.ts";
import { eventually, microtasks, type Turn } from "./turns.ts";

/** What every fixture may have. */
export interface Fixture {
  /** Lets input and output move on; without it, only promises do. */
  readonly turn?: Turn;
  /** Releases what the fixture holds. */
  readonly dispose?: () => Awaitable<unknown>;
  /**
   * True of a host whose blocking calls hold the thread, so that nobody can do meanwhile what they wait for. Claims that
   * need somebody to are then skipped.
   */
  readonly holdsThread?: boolean;
}

/** A rule of the contract, and one thing that it says. */
export interface Rule {
  /** Its number in docs/contract.md, such as "3.2". */
  readonly rule: string;
  readonly claim: string;
}

/** A rule as something that can be tried. */
export interface Claim<F extends Fixture> extends Rule {
  /** The controls without which it cannot be tried. */
  readonly needs: readonly (keyof F & string)[];
  /** Whether somebody has to do something while a blocking call waits. */
  readonly waits: boolean;
  readonly run: (fixture: F) => Promise<void>;
}

type With<F, K extends keyof F> = F & { readonly [P in K]-?: NonNullable<F[P]> };

/** Makes claims about fixtures of one kind. */
export function claimsAbout<F extends Fixture>(): <K extends keyof F & string>(
  rule: string,
  claim: string,
  needs: readonly K[],
  run: (fixture: With<F, K>) => Promise<void>,
  more?: { readonly waits: boolean },
) => Claim<F> {
  return (rule, claim, needs, run, { waits } = { waits: false }) => {
    // A claim is only run on a fixture that has what it needs: see `tryClaims`.
    return { rule, claim, needs, waits, run: run as Claim<F>["run"] };
  };
}

/** A rule that an implementation breaks, and how that showed. */
export interface BrokenRule extends Rule {
  /** What was seen instead. */
  readonly message: string;
}

/** A rule that was not tried, and why. */
export interface SkippedRule extends Rule {
  readonly reason: string;
}

/** What became of each rule. */
export interface Report {
  readonly kept: readonly Rule[];
  readonly skipped: readonly SkippedRule[];
}

/** Names every rule that an implementation breaks, one a line. */
export class ContractError extends Error {
  override readonly name: string = "ContractError";
  // Private, so that a tool that prints an error with all its properties prints the message alone.
  readonly #broken: readonly BrokenRule[];
  readonly #report: Report;

  constructor(broken: readonly BrokenRule[], report: Report) {
    const lines = broken.map(({ rule, claim, message }) => `${rule} ${claim}: ${message}`);
    super(`${broken.length} of ${broken.length + report.kept.length} rules broken\n${lines.join("\n")}`);
    this.#broken = broken;
    this.#report = report;
  }

  get broken(): readonly BrokenRule[] {
    return this.#broken;
  }

  get kept(): readonly Rule[] {
    return this.#report.kept;
  }

  get skipped(): readonly SkippedRule[] {
    return this.#report.skipped;
  }
}

/** How a check goes about it. */
export interface CheckOptions {
  /** Tries only the rules for which this is true. */
  readonly only?: (rule: Rule) => boolean;
  /** Gives the reason why a rule is not to be tried, and nothing for the others. */
  readonly skip?: (rule: Rule) => string | undefined;
}

const OPTIONS: Shape<CheckOptions> = { only: ["a function", isFunction], skip: ["a function", isFunction] };

/**
 * Tries each claim on a fixture of its own.
 *
 * @param parts What every fixture has.
 * @throws {ContractError} With all that do not hold.
 */
export async function tryClaims<F extends Fixture>(
  claims: readonly Claim<F>[],
  parts: readonly (keyof F & string)[],
  make: () => Awaitable<F>,
  options: CheckOptions = {},
): Promise<Report> {
  assertFunction("What makes a fixture", make);
  const { only = () => true, skip = () => undefined } = shaped("CheckOptions", options, OPTIONS);
  const broken: BrokenRule[] = [];
  const kept: Rule[] = [];
  const skipped: SkippedRule[] = [];
  for (const claim of claims) {
    const rule: Rule = { rule: claim.rule, claim: claim.claim };
    if (!only(rule)) continue;
    const reason = skip(rule);
    if (reason !== undefined) {
      skipped.push({ ...rule, reason });
      continue;
    }
    const fixture = await make();
    const isOne = isObject(fixture) && parts.every((part) => part in fixture);
    assertFits("A fixture", fixture, `an object with ${parts.join(", ")}`, isOne);
    const missing = missingFor(claim, fixture);
    try {
      if (missing === undefined) {
        await runToEnd(claim, fixture);
        kept.push(rule);
      } else {
        skipped.push({ ...rule, reason: missing });
      }
    } catch (error) {
      broken.push({ ...rule, message: messageOf(error) });
    } finally {
      await fixture.dispose?.();
    }
  }
  if (broken.length > 0) throw new ContractError(broken, { kept, skipped });
  return { kept, skipped };
}

/** Far more than any claim takes, for a call that should not wait and never answers. */
const MAX_TURNS = 10_000;

async function runToEnd<F extends Fixture>(claim: Claim<F>, fixture: F): Promise<void> {
  const run = start("the claim", () => claim.run(fixture));
  if (!(await eventually(() => run.isDone(), fixture.turn, MAX_TURNS))) fail("a call never answered");
  await run.promise;
}

function missingFor<F extends Fixture>({ needs, waits }: Claim<F>, fixture: F): string | undefined {
  if (waits && fixture.holdsThread === true) return "blocking calls hold the thread";
  const missing = needs.filter((need) => fixture[need] === undefined);
  return missing.length === 0 ? undefined : `the fixture has no ${missing.join(", ")}`;
}

/** Fails the claim. */
export function fail(message: string): never {
  throw new Error(message);
}

/** Fails the claim unless `holds`. */
export function expect(holds: boolean, message: string): asserts holds {
  if (!holds) fail(message);
}

/** Makes a call that must come to `tag`; `what` names it in the report. */
export async function expectOutcome(what: string, tag: Outcome<unknown>["tag"], call: () => unknown): Promise<void> {
  const outcome = await attempt(call);
  expect(outcome.tag === tag, `${what} gave ${show(outcome)}, expected ${tag}`);
}

/** Makes a call that must succeed, and gives its value. */
export async function expectOk<T>(what: string, call: () => Awaitable<T>): Promise<T> {
  const outcome = await attempt(call);
  if (outcome.tag !== "ok") fail(`${what} gave ${show(outcome)}, expected ok`);
  return outcome.value;
}

/** A call that may take a while. */
export interface Started<T> {
  readonly what: string;
  readonly promise: Promise<T>;
  isDone(): boolean;
}

/** Begins a call; `what` names it in the report. What it throws is kept for whoever asks for its outcome. */
export function start<T>(what: string, call: () => Awaitable<T>): Started<T> {
  let done = false;
  const settle = (): void => {
    done = true;
  };
  const promise = (async () => call())();
  promise.then(settle, settle);
  return { what, promise, isDone: () => done };
}

/** Fails the claim if the call never ends, or does not come to `tag`. */
export async function expectEnds(
  fixture: Fixture,
  tag: Outcome<unknown>["tag"],
  call: Started<unknown>,
): Promise<void> {
  await expectEventually(fixture, `the end of ${call.what}`, () => call.isDone());
  await expectOutcome(call.what, tag, () => call.promise);
}

/** Makes a call that may take a while, and must succeed in the end; gives its value. */
export async function expectDone<T>(fixture: Fixture, call: Started<T>): Promise<T> {
  await expectEventually(fixture, `the end of ${call.what}`, () => call.isDone());
  return expectOk(call.what, () => call.promise);
}

/** Fails the claim unless `condition` holds in the end. */
export async function expectEventually(
  fixture: Fixture,
  what: string,
  condition: () => Awaitable<boolean>,
): Promise<void> {
  expect(await eventually(async () => condition(), fixture.turn), `${what} never happened`);
}

/** Enough turns for anything that does not wait for somebody else. */
export async function rest({ turn = microtasks }: Fixture): Promise<void> {
  for (let taken = 0; taken < 5; taken++) await turn();
}

/** Fails the claim unless both have the same bytes. */
export function expectBytes(what: string, actual: Uint8Array, expected: Uint8Array): void {
  expect(areSame(actual, expected), `${what}: ${showBytes(actual)}, expected ${showBytes(expected)}`);
}

function areSame(actual: Uint8Array, expected: Uint8Array): boolean {
  for (let at = 0; at < expected.length; at++) if (actual[at] !== expected[at]) return false;
  return actual.length === expected.length;
}

/** `count` bytes that tell their place in the stream. A loop, since megabytes of them are made. */
export function pattern(count: number, from = 0): Uint8Array {
  const bytes = new Uint8Array(count);
  for (let at = 0; at < count; at++) bytes[at] = 1 + ((from + at) % 251);
  return bytes;
}

function show(outcome: Outcome<unknown>): string {
  if (outcome.tag !== "ok") {
    const { thrown, tag } = outcome;
    return tag === "trap" || tag === "fault" ? `${tag} (${String(thrown)})` : tag;
  }
  const { value } = outcome;
  if (value instanceof Uint8Array) return `ok(${showBytes(value)})`;
  return typeof value === "number" || typeof value === "bigint" ? `ok(${value})` : "ok";
}

function showBytes(bytes: Uint8Array): string {
  const some = [...bytes.subarray(0, 16)].join(" ");
  return `${bytes.length} bytes${bytes.length === 0 ? "" : ` [${some}${bytes.length > 16 ? " ..." : ""}]`}`;
}
