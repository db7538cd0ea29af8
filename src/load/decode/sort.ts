/** What definitions refer to by sort and index, in its binary form. */
import type { Alias, CoreSort, Sort, SortIndex } from "./definitions.ts";
import type { Reader } from "./reader.ts";

const CORE_SORTS: Readonly<Record<number, CoreSort>> = {
  0x00: "core func",
  0x01: "core table",
  0x02: "core memory",
  0x03: "core global",
  0x04: "core tag",
  0x10: "core type",
  0x11: "core module",
  0x12: "core instance",
};
const SORTS: Readonly<Record<number, Sort>> = { 1: "func", 2: "value", 3: "type", 4: "component", 5: "instance" };

export function coreSort(reader: Reader): CoreSort {
  return CORE_SORTS[reader.byte()] ?? reader.unknown("core sort");
}

function sort(reader: Reader): Sort {
  const code = reader.byte();
  return code === 0 ? coreSort(reader) : (SORTS[code] ?? reader.unknown("sort"));
}

export function sortIndex(reader: Reader): SortIndex {
  return { sort: sort(reader), index: reader.u32() };
}

export function alias(reader: Reader): Alias {
  const of = sort(reader);
  switch (reader.byte()) {
    case 0:
      return { kind: "alias", sort: of, instance: reader.u32(), name: reader.name() };
    case 1:
      if (!isCoreSort(of)) reader.fail(`a core instance exports no ${of}`);
      return { kind: "core alias", sort: of, instance: reader.u32(), name: reader.name() };
    case 2:
      return { kind: "outer alias", sort: of, count: reader.u32(), index: reader.u32() };
    default:
      return reader.unknown("form of alias");
  }
}

function isCoreSort(of: Sort): of is CoreSort {
  return of.startsWith("core ");
}
