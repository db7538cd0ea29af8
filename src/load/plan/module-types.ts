/** What modules of our components import and export, for other components that are given one. */
import { moduleMismatch, type ModuleType } from "../decode/core-types.ts";
import type { CoreModule } from "../compiled.ts";
import { InvalidComponentError } from "../invalid-component.ts";
import type { ImportPath } from "./items.ts";

const types = new WeakMap<CoreModule, ModuleType>();

export function rememberType(module: CoreModule, type: ModuleType): void {
  types.set(module, type);
}

/** @throws {InvalidComponentError} If a module that is given for the import is known to be another than is expected. */
export function assertModule(module: CoreModule, path: ImportPath, expected: ModuleType): void {
  const type = types.get(module);
  const wrong = type && moduleMismatch(expected, type);
  if (wrong === undefined) return;
  throw new InvalidComponentError(`the core module ${path.join(" ")} is not what is expected: ${wrong}`);
}
