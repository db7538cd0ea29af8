/** Calls of functions as they are typed, and as WAVE. */
import type { InspectedFunction } from "sluice/inspect";
import type { Call, Inspection } from "./model.ts";

/** Words that a case has a `%` before, since they mean something else. */
const KEYWORDS = new Set(["true", "false", "inf", "nan", "some", "none", "ok", "err"]);

/** What of a component can be called here, besides the command that it is. */
export function callable(inspection: Inspection | string): readonly InspectedFunction[] {
  if (typeof inspection === "string" || inspection.kind !== "component") return [];
  return inspection.functions.filter(({ name, parameters, result }) => {
    if (name.startsWith("wasi:")) return false;
    // Handles have no notation.
    return ![result, ...parameters.map(({ type }) => type)].some((type) =>
      /\b(borrow|stream|future)\b/.test(type ?? ""),
    );
  });
}

/** With something in each place, so that it can be made at once. */
export function callOf(called: InspectedFunction | undefined): Call | undefined {
  return called && { name: called.name, values: called.parameters.map(({ type }) => exampleOf(type)) };
}

/** In WAVE, such as `add(1, 2)`. */
export function callText({ name, values }: Call, functions: readonly InspectedFunction[]): string {
  const parameters = functions.find((one) => one.name === name)?.parameters ?? [];
  return `${name}(${values.map((value, index) => waveOf(value, parameters[index]?.type)).join(", ")})`;
}

/** Without the interface's package. */
export function shortOf(name: string): string {
  return name.replace(/^[^(/]*\//, "");
}

/** All values of a type that has few. */
export function casesOf(type: string): readonly string[] | undefined {
  if (type === "bool") return ["true", "false"];
  const cases = /^enum \{ (.*) \}$/.exec(type)?.[1]?.split(", ");
  return cases?.includes("...") ? undefined : cases;
}

function exampleOf(type: string): string {
  const [first] = casesOf(type) ?? [];
  if (first !== undefined) return first;
  if (type === "string") return "world";
  if (type === "char") return "'a'";
  if (/^[su]\d+$/.test(type)) return "1";
  if (/^f\d+$/.test(type)) return "0.5";
  if (type.startsWith("list<")) return "[]";
  return type.startsWith("option<") ? "none" : "";
}

/** Text is typed without quotes; anything else is WAVE already. */
function waveOf(value: string, type: string | undefined): string {
  if (type?.startsWith("enum ") && KEYWORDS.has(value)) return `%${value}`;
  if (type !== "string") return value;
  // oxlint-disable-next-line no-control-regex -- it is they that are escaped
  const escaped = value.replaceAll(/["\\\u0000-\u001f\u007f]/g, (character) =>
    character === '"' || character === "\\" ? `\\${character}` : `\\u{${character.charCodeAt(0).toString(16)}}`,
  );
  return `"${escaped}"`;
}
