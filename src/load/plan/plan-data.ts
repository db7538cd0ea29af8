/**
 * A plan as text, which a component that was built ahead has in the place of its own bytes: read again, it needs neither
 * to be decoded nor to be checked.
 *
 * A line says by which version it was written, and has a sum of what follows. That is JSON: a list of all values of which
 * the plan is made, each before those that have it in them. In an object or a list stand the places of its members, so
 * that what was one value is one again; a map is an object whose only member, without a name, lists its keys and values.
 */
import { InvalidComponentError } from "../invalid-component.ts";
import type { Plan } from "./items.ts";

/** What is read. */
export interface StoredPlan {
  /** Without the bytes of its core modules. */
  readonly plan: Plan;
  /** Of the core modules, in bytes. */
  readonly sizes: readonly number[];
}

/** The member that makes a map of an object. */
const MAP = "";
/** What nothing is written as. */
const NOTHING = null;

type Written = string | number | boolean | null | readonly number[] | Readonly<Record<string, unknown>>;

/** @param version Of this package. */
export function writePlan(plan: Plan, version: string): string {
  const written: Written[] = [];
  const places = new Map<unknown, number>();
  /** What is written alike is the same: nothing in a plan changes, and what has to be told apart has a number. */
  const alike = new Map<string, number>();
  const sizes = plan.modules.map(({ length }) => length);
  place({ plan: { ...plan, modules: [] }, sizes } satisfies StoredPlan);
  const text = JSON.stringify(written);
  return `${headOf(version, text)}\n${text}`;

  function place(value: unknown): number {
    const known = places.get(value);
    if (known !== undefined) return known;
    const one = write(value);
    const key = JSON.stringify(one);
    const at = alike.get(key) ?? written.push(one) - 1;
    places.set(value, at);
    alike.set(key, at);
    return at;
  }

  function write(value: unknown): Written {
    if (value === undefined) return NOTHING;
    if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return value;
    if (Array.isArray(value)) return value.map(place);
    if (value instanceof Map) return { [MAP]: [...value].flat().map(place) };
    if (typeof value !== "object" || value === null) throw new TypeError(`A plan has no ${typeof value}`);
    const members = Object.entries(value).filter(
      ([name, member]) => member !== undefined && !isForPlanning(name, value),
    );
    return Object.fromEntries(members.map(([name, member]) => [name, place(member)]));
  }
}

/** Of these only who makes a plan looks at the types: core items, and types that have a name. */
const TYPED_FOR_PLANNING: ReadonlySet<unknown> = new Set(["own", "export", "trampoline", "value", "func"]);
/** Components that nobody instantiates any more, and what is declared of instances. */
const FOR_PLANNING: ReadonlySet<string> = new Set(["component", "declarations", "scope"]);

/** Whether only who makes a plan looks at it. */
function isForPlanning(name: string, holder: object): boolean {
  return name === "type" ? "is" in holder && TYPED_FOR_PLANNING.has(holder.is) : FOR_PLANNING.has(name);
}

/**
 * @param version Of this package.
 * @throws {InvalidComponentError} If it was written by another version, or has been damaged since.
 */
export function readPlan(text: string, version: string): StoredPlan {
  const [by = ""] = text.split(" ", 1);
  assertVersion(by, version);
  const end = text.indexOf("\n");
  const rest = text.slice(end + 1);
  if (text.slice(0, end) !== headOf(version, rest)) {
    throw new InvalidComponentError("What `sluice build` made of the component is damaged: build it again");
  }
  const values: unknown[] = [];
  // What has this sum was written above.
  for (const written of JSON.parse(rest) as readonly Written[]) values.push(read(written));
  return values.at(-1) as StoredPlan;

  function read(written: Written): unknown {
    if (written === NOTHING) return undefined;
    if (typeof written !== "object") return written;
    if (Array.isArray(written)) return written.map((at: number) => values[at]);
    const members = Object.entries(written as Readonly<Record<string, number>>);
    const [first] = members;
    if (first?.[0] !== MAP) return Object.fromEntries(members.map(([name, at]) => [name, values[at]]));
    const map = new Map<unknown, unknown>();
    const parts = first[1] as unknown as readonly number[];
    for (let at = 0; at < parts.length; at += 2) map.set(values[parts[at] ?? 0], values[parts[at + 1] ?? 0]);
    return map;
  }
}

/** @throws {InvalidComponentError} If what a component was prepared by is another version than this. */
export function assertVersion(by: string, version: string): void {
  if (by === version) return;
  throw new InvalidComponentError(
    `The component was built by sluice ${by.slice(0, 20)}, and this is ${version}: build it again, with \`sluice build\``,
  );
}

function headOf(version: string, text: string): string {
  return `${version} ${sumOf(text)}`;
}

/** FNV-1a of 32 bits: it is for accidents. */
function sumOf(text: string): number {
  let sum = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) sum = Math.imul(sum ^ text.charCodeAt(at), 0x01000193) >>> 0;
  return sum;
}
