/** What of a component's bytes is what. */
import { layerOf } from "../decode/decode.ts";
import { InvalidComponentError } from "../invalid-component.ts";
import { Reader } from "../decode/reader.ts";

/** A section that an engine passes over. Sizes are in bytes. */
export interface CustomSection {
  readonly name: string;
  readonly bytes: number;
}

/** A component or a core module, and what of its size is beside the point. */
export interface Sizes {
  readonly bytes: number;
  /** Names, producers, debugging: nothing that runs. */
  readonly customSections: readonly CustomSection[];
}

/** A component, and the core modules in it. */
export interface ComponentSizes extends Sizes {
  /** All, also those of components within it, as they follow each other. */
  readonly coreModules: readonly Sizes[];
}

/**
 * @param bytes A component, or a core module. Its custom sections are those of the components within it too.
 * @throws {InvalidComponentError} If a component is damaged. Of a core module that is, as much is told as can be read.
 */
export function sizesOf(bytes: Uint8Array): ComponentSizes {
  const coreModules: Sizes[] = [];
  const customSections: CustomSection[] = [];
  const visit = (reader: Reader): void => {
    reader.bytes(8);
    eachSection(reader, (id, section, size) => {
      if (id === 0) customSections.push({ name: section.name(), bytes: size });
      else if (id === 1) coreModules.push(moduleSizes(section.bytes(size)));
      else if (id === 4) visit(section);
    });
  };
  if (layerOf(bytes) === "core module") return { ...moduleSizes(bytes), coreModules };
  visit(new Reader(bytes));
  return { bytes: bytes.length, customSections, coreModules };
}

function moduleSizes(bytes: Uint8Array): Sizes {
  const customSections: CustomSection[] = [];
  try {
    const reader = new Reader(bytes);
    reader.bytes(8);
    eachSection(reader, (id, section, size) => {
      if (id === 0) customSections.push({ name: section.name(), bytes: size });
    });
  } catch (error) {
    if (!(error instanceof InvalidComponentError)) throw error;
  }
  return { bytes: bytes.length, customSections };
}

/** Told of each section up to the end: its number, what is in it, and how many bytes that is. */
function eachSection(reader: Reader, visit: (id: number, section: Reader, size: number) => void): void {
  while (!reader.atEnd) {
    const id = reader.byte();
    const size = reader.u32();
    visit(id, reader.part(size), size);
  }
}
