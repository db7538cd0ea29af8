/** What this engine can, as it says of the smallest module that needs it. */

/** A module of nothing but these sections. */
export function moduleOfSections(...sections: readonly number[]): Uint8Array {
  return Uint8Array.of(0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, ...sections);
}

/** Asked when it is first needed. */
let canCatch: boolean | undefined;

/** Whether it has exceptions as the standard has them; one that does not runs no guest that catches. */
export function hasExceptions(): boolean {
  // (type (func (result exnref)))
  return (canCatch ??= WebAssembly.validate(moduleOfSections(0x01, 0x05, 0x01, 0x60, 0x00, 0x01, 0x69)));
}

/** Whether one module can have two memories. */
export function hasTwoMemories(): boolean {
  // (memory 0) (memory 0)
  return WebAssembly.validate(moduleOfSections(0x05, 0x05, 0x02, 0x00, 0x00, 0x00, 0x00));
}
