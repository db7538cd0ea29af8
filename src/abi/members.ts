/** Names of functions of resources, in parts. */

export interface Member {
  readonly form: "constructor" | "method" | "static";
  readonly resource: string;
  /** Empty for a constructor. */
  readonly name: string;
}

/** The parts of `[method]stream.read`; `undefined` for the name of a plain function. */
export function memberOf(name: string): Member | undefined {
  // By hand: patterns take longer to be made than most components take to be loaded.
  const end = name.indexOf("]");
  if (end < 0 || !name.startsWith("[")) return undefined;
  const form = name.slice(1, end);
  if (form !== "constructor" && form !== "method" && form !== "static") return undefined;
  const dot = name.indexOf(".", end);
  if (dot < 0) return end + 1 === name.length ? undefined : { form, resource: name.slice(end + 1), name: "" };
  if (dot === end + 1 || dot + 1 === name.length) return undefined;
  return { form, resource: name.slice(end + 1, dot), name: name.slice(dot + 1) };
}
