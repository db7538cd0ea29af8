/** `sluice inspect`: what a component is, as WIT with comments, or as JSON. */
import { PREVIEW1 } from "../bind/p1/preview1.ts";
import { inAscii, asLiteral } from "../load/plan/text-budget.ts";
import type { CustomSection, Sizes } from "../load/wit/sizes.ts";
import { inspect, type ComponentInspection, type ModuleInspection } from "../run/inspect.ts";
import type { Command } from "./command.ts";
import { readComponent } from "./read.ts";
import { reportRun } from "./run-failure.ts";
import { print } from "./write.ts";

/** Prints it, or tells what is wrong; gives the exit code. */
export function printInspection({ path, json }: Command & { readonly name: "inspect" }): number {
  try {
    const inspection = inspect(readComponent(path));
    if (json) print(`${inAscii(JSON.stringify(inspection, null, 2))}\n`);
    else print(inspection.kind === "component" ? aboutComponent(inspection) : aboutModule(inspection));
    return 0;
  } catch (error) {
    return reportRun(error, path);
  }
}

/** WIT, with the rest in comments. */
function aboutComponent(inspection: ComponentInspection): string {
  const { wit, isCommand, isComposed, unsupported, bytes, coreModules, customSections } = inspection;
  const lines = [
    isCommand ? "A command: `sluice run` runs it." : "No command: it exports no wasi:cli/run.",
    ...(isComposed ? ["Composed of several components."] : []),
    ...(unsupported === undefined ? [] : [`It uses ${unsupported}, which Sluice does not support.`]),
    ...aboutImports(inspection),
    "",
    `${bytes} bytes`,
    ...coreModules.flatMap((module, index) => aboutCoreModule(module, index)),
    ...customSections.map(aboutSection),
  ];
  return `${wit}\n${lines.map((line) => `// ${line}`.trimEnd()).join("\n")}\n`;
}

function aboutImports({ imports, missing }: ComponentInspection): string[] {
  const provided = imports.filter(({ isProvided }) => isProvided).length;
  if (imports.length === 0) return ["It imports nothing."];
  if (missing.length === 0) return ["Sluice provides all that it imports."];
  return [
    `Sluice provides ${provided} of its ${imports.length} imports. To be given in the option \`imports\`:`,
    ...missing.map((name) => `  ${asLiteral(name)}`),
  ];
}

function aboutCoreModule({ bytes, customSections }: Sizes, index: number): string[] {
  return [`  core module ${index}: ${bytes} bytes`, ...customSections.map((section) => `  ${aboutSection(section)}`)];
}

function aboutSection({ name, bytes }: CustomSection): string {
  return `  custom section ${asLiteral(name)}: ${bytes} bytes`;
}

function aboutModule(inspection: ModuleInspection): string {
  const { bytes, imports, exports, missing, isCommand, customSections } = inspection;
  const isPreview1 = imports?.some(({ module }) => module === PREVIEW1) === true;
  const lines = [
    `A core module${isPreview1 ? " of WASI preview 1" : ""}, and no component: ${bytes} bytes`,
    ...customSections.map(aboutSection),
    isCommand ? "A command: it exports _start." : "No command: it exports no _start.",
    ...(missing.length > 0 ? list("Not provided by Sluice", missing.map(asLiteral)) : []),
    ...list(
      "Imports",
      imports?.map(({ module, name, kind }) => `${kind} ${asLiteral(module)} ${asLiteral(name)}`),
    ),
    ...list(
      "Exports",
      exports?.map(({ name, kind }) => `${kind} ${asLiteral(name)}`),
    ),
  ];
  return `${lines.join("\n")}\n`;
}

function list(what: string, items: readonly string[] | undefined): string[] {
  if (!items) return [`${what}: not known, since it has what Sluice cannot read`];
  return items.length === 0 ? [`${what}: none`] : [`${what}:`, ...items.map((item) => `  ${item}`)];
}
