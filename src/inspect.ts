/**
 * `sluice/inspect`: what a component is, and declarations of TypeScript for it.
 *
 * @module
 */
export {
  inspect,
  types,
  type ComponentInspection,
  type InspectedImport,
  type ModuleInspection,
} from "./run/inspect.ts";
export type { ComponentSizes, CustomSection, Sizes } from "./load/sizes.ts";
export type { CompiledComponent } from "./run/component.ts";
export { InvalidComponentError } from "./load/invalid-component.ts";
