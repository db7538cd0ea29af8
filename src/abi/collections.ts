/** Lists of a fixed length, and maps. */
import { tuple } from "./composites.ts";
import { layoutOf } from "./layout.ts";
import { arrayOf, at, list } from "./lists.ts";
import { wrongValue, type Type } from "./type.ts";
import type { ValType } from "./types.ts";

/** A list of exactly `count` items. */
export function fixedList<In, Out>(item: Type<In, Out>, count: number): Type<In[], readonly Out[]> {
  const wit: ValType = { kind: "list", element: item.wit, length: count };
  const { size } = item;
  const checked = (given: readonly Out[]): readonly Out[] => {
    const values = arrayOf(given);
    return values.length === count ? values : wrongValue(`a list of ${count} items`, given);
  };
  return {
    wit,
    ...layoutOf(wit),
    load: (guest, start) => Array.from({ length: count }, (_, index) => item.load(guest, start + index * size)),
    lift: (guest, flat) => Array.from({ length: count }, () => item.lift(guest, flat)),
    store(guest, start, values) {
      for (const [index, value] of checked(values).entries()) {
        at(index, () => item.store(guest, start + index * size, value));
      }
    },
    lower(guest, values, into) {
      for (const [index, value] of checked(values).entries()) at(index, () => item.lower(guest, value, into));
    },
  };
}

/** A map is a `Map`; in the guest it is a list of pairs, of which the last one counts. */
export function map<K, V>(key: Type<K>, value: Type<V>): Type<Map<K, V>, ReadonlyMap<K, V>> {
  const pairs = list(tuple(key, value));
  const wit: ValType = { kind: "map", key: key.wit, value: value.wit };
  const entriesOf = (given: ReadonlyMap<K, V>): [K, V][] =>
    given instanceof Map ? [...given.entries()] : wrongValue("a Map", given);
  return {
    wit,
    ...layoutOf(wit),
    load: (guest, place) => new Map(pairs.load(guest, place)),
    lift: (guest, flat) => new Map(pairs.lift(guest, flat)),
    store: (guest, place, given) => pairs.store(guest, place, entriesOf(given)),
    lower: (guest, given, into) => pairs.lower(guest, entriesOf(given), into),
  };
}
