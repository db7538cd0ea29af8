/**
 * `sluice/inspect`: what a component is, declarations of TypeScript for it, and calls of its functions as people write them.
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
export {
  invocation,
  NoSuchFunctionError,
  type InspectedFunction,
  type InspectedParameter,
  type Invocation,
} from "./run/invoke.ts";
export { WaveError, type WaveErrorDetails } from "./abi/wave/wave.ts";
export type { ComponentSizes, CustomSection, Sizes } from "./load/wit/sizes.ts";
export type { CompiledComponent } from "./run/component.ts";
export { InvalidComponentError } from "./load/invalid-component.ts";
