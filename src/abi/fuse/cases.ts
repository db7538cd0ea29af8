/** Which case of a variant it is, and what to do then: alike for values in memory and for core values. */
import type { CoreType } from "../encode.ts";
import type { FunctionCode } from "./code.ts";
import { TRAP, trapIf, type Way } from "./sides.ts";
import type { Case, ValType } from "../types.ts";

/** V8 takes no longer tables for branches. */
const MAX_BRANCHES = 65_000;

/** Traps unless there is such a case. */
export function checkDiscriminant(way: Way, code: FunctionCode, discriminant: number, cases: readonly Case[]): void {
  code.get(discriminant);
  code.i32(cases.length);
  code.op("i32.ge_u");
  trapIf(way.module, code, TRAP.discriminant);
}

/**
 * Does what is to be done for the case that `discriminant` is, once for all cases of a type. Leaves `results`.
 *
 * @param emit Writes what is to be done for the cases of a type, or for those without.
 * @throws {RangeError} For more cases than an engine takes.
 */
export function branch(
  code: FunctionCode,
  discriminant: number,
  cases: readonly Case[],
  results: readonly CoreType[],
  emit: (type: ValType | undefined) => void,
): void {
  const groups = new Map<ValType | string, { readonly index: number; readonly type: ValType | undefined }>();
  const table = cases.map(({ type }) => {
    const key = groupKey(type);
    let group = groups.get(key);
    if (!group) groups.set(key, (group = { index: groups.size, type }));
    return group.index;
  });
  if (groups.size === 1) return emit(cases[0]?.type);
  if (cases.length === 2) {
    code.get(discriminant);
    code.if(results);
    emit(cases[1]?.type);
    code.op("else");
    emit(cases[0]?.type);
    code.op("end");
    return;
  }
  if (cases.length > MAX_BRANCHES) throw new RangeError(`A variant has ${cases.length} cases: at most ${MAX_BRANCHES}`);
  branchByTable(
    code,
    discriminant,
    table,
    [...groups.values()].map(
      ({ type }) =>
        () =>
          emit(type),
    ),
    results,
  );
}

/** Types without parts are the same however often they are written. */
function groupKey(type: ValType | undefined): ValType | string {
  if (!type) return "";
  return Object.keys(type).length === 1 ? type.kind : type;
}

function branchByTable(
  code: FunctionCode,
  discriminant: number,
  table: readonly number[],
  arms: readonly (() => void)[],
  results: readonly CoreType[],
): void {
  code.block(results);
  for (const _ of arms) code.block();
  code.get(discriminant);
  code.brTable(table, 0);
  for (const [index, arm] of arms.entries()) {
    code.op("end");
    arm();
    code.br(arms.length - 1 - index);
  }
  code.op("end");
}
