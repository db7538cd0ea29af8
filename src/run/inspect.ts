/** What a component is, without running anything of it. */
import { knowEveryInterface } from "../bind/every-interface.ts";
import { PREVIEW1, PREVIEW1_NAMES } from "../bind/p1/preview1.ts";
import { moduleTypeOf } from "../load/decode/core-module.ts";
import { declarationsOf } from "../load/wit/declarations.ts";
import { decode, layerOf } from "../load/decode/decode.ts";
import type { Plan } from "../load/plan/items.ts";
import { planOf } from "../load/plan/plan.ts";
import { sizesOf, type ComponentSizes, type Sizes } from "../load/wit/sizes.ts";
import { witOf } from "../load/wit/wit.ts";
import { InvalidComponentError } from "../load/invalid-component.ts";
import { Compiled } from "../load/compiled.ts";
import { assertBytes, isBytes } from "./bytes.ts";
import type { CompiledComponent } from "./component.ts";
import { HostProviders } from "./imports.ts";
import { MissingImportsError } from "./missing-imports.ts";
import { assertComplete } from "./type-checks.ts";
import { functionsOf, type InspectedFunction } from "./invoke.ts";

/** A component: its world, what of it is there, and whether it runs. */
export interface ComponentInspection extends ComponentSizes {
  readonly kind: "component";
  /** Its world as WIT: `package root:component; world root { ... }`, and the packages that it names. */
  readonly wit: string;
  readonly imports: readonly InspectedImport[];
  /** Names with versions. */
  readonly exports: readonly string[];
  /** What `invocation` may call of it: no methods, constructors or functions of classes. */
  readonly functions: readonly InspectedFunction[];
  /** What this host does not provide: as in `MissingImportsError`. */
  readonly missing: readonly string[];
  /** Whether `run` runs it. */
  readonly isCommand: boolean;
  /** Whether it is made of several components that have code. */
  readonly isComposed: boolean;
  /** What it uses that is not supported, in words, if there is something. */
  readonly unsupported: string | undefined;
}

/** One import of a component. */
export interface InspectedImport {
  /** With its version. */
  readonly name: string;
  /** Whether this host provides it, with all that the component needs of it. */
  readonly isProvided: boolean;
}

/** A core module, which may be one of WASI preview 1. */
export interface ModuleInspection extends Sizes {
  readonly kind: "core module";
  /** `undefined`, as are the exports, if there is something in it that is not known here. */
  readonly imports: readonly { readonly module: string; readonly name: string; readonly kind: string }[] | undefined;
  readonly exports: readonly { readonly name: string; readonly kind: string }[] | undefined;
  /** What this host does not provide, as `module#name`. */
  readonly missing: readonly string[];
  /** Whether `run` runs it. */
  readonly isCommand: boolean;
}

/**
 * Tells what bytes are.
 *
 * @throws {InvalidComponentError} If they are neither a component nor a core module.
 */
export function inspect(bytes: Uint8Array): ComponentInspection | ModuleInspection {
  assertBytes(bytes);
  return layerOf(bytes) === "core module" ? inspectModule(bytes) : inspectComponent(bytes);
}

function inspectComponent(bytes: Uint8Array): ComponentInspection {
  const plan = planOf(decode(bytes));
  const missing = missingOf(plan);
  const exports = [...plan.exports.keys()];
  return {
    kind: "component",
    wit: witOf(plan),
    imports: [...plan.imports.keys()].map((name) => ({ name, isProvided: !isAmong(missing, name) })),
    exports,
    functions: functionsOf(plan.exports),
    missing,
    isCommand: exports.some((name) => /^wasi:cli\/run@0\.[23]\.\d+$/.test(name)),
    isComposed: new Set(plan.steps.map((step) => step.instance)).size > 1,
    unsupported: plan.unsupported,
    ...sizesOf(bytes),
  };
}

function inspectModule(bytes: Uint8Array): ModuleInspection {
  const type = moduleTypeOf(bytes);
  const kind = (sort: string): string => sort.replace("core ", "");
  const { customSections } = sizesOf(bytes);
  const missing = (type?.imports ?? []).filter(
    (one) => one.module !== PREVIEW1 || one.type.sort !== "core func" || !PREVIEW1_NAMES.has(one.name),
  );
  return {
    kind: "core module",
    imports: type?.imports.map((one) => ({ module: one.module, name: one.name, kind: kind(one.type.sort) })),
    exports: type && [...type.exports].map(([name, { sort }]) => ({ name, kind: kind(sort) })),
    missing: missing.map(({ module, name }) => `${module}#${name}`),
    isCommand: type?.exports.get("_start")?.sort === "core func",
    bytes: bytes.length,
    customSections,
  };
}

/**
 * Declarations of TypeScript for a component: a module with a type `Imports`, for the option of `instantiate`, and a type
 * `Exports`, for what an instance has.
 *
 * @param component Bytes, or what `compile` gave.
 * @throws {InvalidComponentError} If the bytes are no component.
 */
export function types(component: Uint8Array | CompiledComponent): string {
  const plan = isBytes(component) ? planFrom(component) : planIn(component);
  const missing = missingOf(plan);
  const host = new HostProviders();
  return declarationsOf(plan, (name) => host.of(name) !== undefined && !isAmong(missing, name));
}

function planFrom(bytes: Uint8Array): Plan {
  if (layerOf(bytes) === "core module") throw notAComponent();
  return planOf(decode(bytes));
}

function planIn({ compiled }: CompiledComponent): Plan {
  if (!(compiled instanceof Compiled)) throw notAComponent();
  return compiled.plan;
}

function notAComponent(): InvalidComponentError {
  return new InvalidComponentError("Expected a component, got a core module: it has no types that could be declared");
}

/** What nobody provides if the embedder gives nothing. */
function missingOf(plan: Plan): readonly string[] {
  knowEveryInterface();
  try {
    assertComplete(plan, new HostProviders());
    return [];
  } catch (error) {
    if (error instanceof MissingImportsError) return error.missing;
    throw error;
  }
}

/** Whether an import, or a function of it, is among the missing. */
function isAmong(missing: readonly string[], name: string): boolean {
  return missing.some((one) => one === name || one.startsWith(`${name}#`));
}
