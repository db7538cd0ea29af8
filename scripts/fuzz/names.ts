/**
 * Each name of a component in turn is one that is meant to do harm: everywhere where it stands, so that the component may be
 * whole, and in one of these places alone.
 */
import { stripTypeScriptTypes } from "node:module";
import { parse } from "@bytecodealliance/jco-transpile/wasm-tools";
import { inspect, types } from "../../src/inspect.ts";
import { InvalidComponentError } from "../../src/load/invalid-component.ts";
import { Random } from "../random.ts";
import { Order } from "./damage.ts";
import { HOSTILE_NAMES, type HostileName } from "./hostile-names.ts";
import { play } from "./play.ts";
import { joined, u32 } from "./sections.ts";

/** A component in which every position that a name can have has a name of its own. */
const TEXT = `(component
  (import "zz-func" (func $f (param "zz-param" u32) (result u32)))
  (import "zz:package/zz-interface" (instance $i
    (type $t' (record (field "zz-imported-field" u32)))
    (export "zz-imported-type" (type $t (eq $t')))
    (export "zz-imported-resource" (type $r (sub resource)))
    (export "zz-imported-func" (func (param "zz-imported-param" $t) (result $t)))
    (export "[constructor]zz-imported-resource" (func (result (own $r))))
    (export "[method]zz-imported-resource.zz-imported-method" (func (param "self" (borrow $r)) (result u32)))))
  (core module $m
    (import "zz-core-module" "zz-core-field" (func (param i32) (result i32)))
    (func (export "zz-core-export") (param i32) (result i32) local.get 0)
    (func (export "zz-core-dtor") (param i32)))
  (core func $lowered (canon lower (func $f)))
  (core instance $given (export "zz-core-field" (func $lowered)))
  (core instance $m (instantiate $m (with "zz-core-module" (instance $given))))
  (alias core export $m "zz-core-export" (core func $run))
  (alias core export $m "zz-core-dtor" (core func $dtor))
  (type $own (resource (rep i32) (dtor (core func $dtor))))
  (core func $new (canon resource.new $own))
  (core module $made (import "" "new" (func $new (param i32) (result i32))) (func (export "make") (result i32) (call $new (i32.const 1))))
  (core instance $made (instantiate $made (with "" (instance (export "new" (func $new))))))
  (export $exported "zz-resource" (type $own))
  (func $make (result (own $exported)) (canon lift (core func $made "make")))
  (export "[constructor]zz-resource" (func $make))
  (type $record' (record (field "zz-field" u32)))
  (export $record "zz-record" (type $record'))
  (type $variant' (variant (case "zz-case" u32)))
  (export $variant "zz-variant" (type $variant'))
  (type $enum' (enum "zz-enum-case"))
  (export $enum "zz-enum" (type $enum'))
  (type $flags' (flags "zz-flag"))
  (export $flags "zz-flags" (type $flags'))
  (func (export "zz-of-record") (param "zz-p" $record) (result $record) (canon lift (core func $run)))
  (func (export "zz-of-enum") (param "p" $enum) (result $enum) (canon lift (core func $run)))
  (func (export "zz-of-flags") (param "p" $flags) (result $flags) (canon lift (core func $run)))
  (core module $two (func (export "run") (param i32 i32)))
  (core instance $two (instantiate $two))
  (func (export "zz-of-variant") (param "p" $variant) (canon lift (core func $two "run")))
  (func $lifted (param "p" u32) (result u32) (canon lift (core func $run)))
  (component $inner
    (import "zz-inner-import" (func $f (param "p" u32) (result u32)))
    (instance $x (export "zz-bag" (func $f)))
    (export "zz-inner-export" (func $x "zz-bag")))
  (instance $inner (instantiate $inner (with "zz-inner-import" (func $lifted))))
  (alias export $inner "zz-inner-export" (func $through))
  (export "zz-through" (func $through))
  (instance $out (export "zz-out-func" (func $lifted)))
  (export "zz:package/zz-out" (instance $out)))`;

/** A name of the component, the whole of it: a placeholder in the place of a part would not be written with its length. */
const PLACEHOLDER = /"([^"]*zz[^"]*)"/g;

/** Where any text may be: only the engine reads it, or nobody. */
const IS_FREE = /^zz-(?:core|custom)-/;

const HEAD_BYTES = 8;
const CORE_MODULE = 1;
const COMPONENT = 4;
const encoder = new TextEncoder();

/** The same bytes with `name` in the place of each `placeholder` that `isMeant`, and lengths that are right. */
function renamed(
  bytes: Uint8Array,
  placeholder: Uint8Array,
  name: Uint8Array,
  isMeant: () => boolean,
  isCore = false,
): Uint8Array {
  const parts: Uint8Array[] = [bytes.subarray(0, HEAD_BYTES)];
  for (let at = HEAD_BYTES; at < bytes.length;) {
    const id = bytes[at++] ?? 0;
    let size = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++] ?? 0;
      size += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) break;
    }
    const section = bytes.subarray(at, at + size);
    at += size;
    const isNested = !isCore && (id === CORE_MODULE || id === COMPONENT);
    const content = isNested
      ? renamed(section, placeholder, name, isMeant, id === CORE_MODULE)
      : replacedIn(section, placeholder, name, isMeant);
    parts.push(Uint8Array.of(id, ...u32(content.length)), content);
  }
  return joined(parts);
}

function replacedIn(
  section: Uint8Array,
  placeholder: Uint8Array,
  name: Uint8Array,
  isMeant: () => boolean,
): Uint8Array {
  const parts: Uint8Array[] = [];
  let from = 0;
  for (let at = 0; at + placeholder.length < section.length; at++) {
    if (section[at] !== placeholder.length) continue;
    const isHere = placeholder.every((byte, index) => section[at + 1 + index] === byte);
    if (!isHere || !isMeant()) continue;
    parts.push(section.subarray(from, at), Uint8Array.from(u32(name.length)), name);
    from = at + 1 + placeholder.length;
    at = from - 1;
  }
  return joined([...parts, section.subarray(from)]);
}

function countOf(bytes: Uint8Array, placeholder: Uint8Array): number {
  let count = 0;
  renamed(bytes, placeholder, placeholder, () => ++count === 0);
  return count;
}

/** A custom section, whose name is a position too. */
function withCustomSection(bytes: Uint8Array, name: string): Uint8Array {
  const encoded = encoder.encode(name);
  const content = joined([Uint8Array.of(encoded.length), encoded, Uint8Array.of(1, 2, 3)]);
  return joined([bytes, Uint8Array.of(0, content.length), content]);
}

export interface NamesTally {
  played: number;
  ran: number;
  refused: number;
  readonly failures: string[];
}

/** @param each Of the names that are tried, every so many-th in each position, and another one in the next. */
export async function playNames(each = 1): Promise<NamesTally> {
  const names = [...new Set(Array.from(TEXT.matchAll(PLACEHOLDER), ([, name = ""]) => name)), "zz-custom-section"];
  const whole = withCustomSection(await parse(TEXT), "zz-custom-section");
  const order = await Order.now();
  const tally: NamesTally = { played: 0, ran: 0, refused: 0, failures: [] };
  for (const [position, placeholder] of names.entries()) {
    const bytes = encoder.encode(placeholder);
    const count = countOf(whole, bytes);
    if (count === 0) throw new Error(`The component has no name ${placeholder}`);
    for (const [number, name] of HOSTILE_NAMES.entries()) {
      if ((position + number) % each !== 0) continue;
      // Everywhere, then in one place alone.
      for (let only = 0; only <= (count > 1 ? count : 0); only++) {
        let seen = 0;
        const mutant = renamed(whole, bytes, name.bytes, () => ++seen === only || only === 0);
        const failure = await faultOf(mutant, name, { isWhole: only === 0, isFree: IS_FREE.test(placeholder) }, tally);
        if (failure !== undefined) tally.failures.push(`${placeholder} (${only}) is ${shown(name)}: ${failure}`);
      }
    }
    try {
      await order.assertKept();
    } catch (error) {
      tally.failures.push(`after ${placeholder}: ${String(error)}`);
    }
    if ("hurt" in globalThis) throw new Error(`${placeholder}: a name was run as code`);
  }
  return tally;
}

/** @param isWhole Whether the name is in all its places. */
async function faultOf(
  mutant: Uint8Array,
  name: HostileName,
  { isWhole, isFree }: { readonly isWhole: boolean; readonly isFree: boolean },
  tally: NamesTally,
): Promise<string | undefined> {
  tally.played++;
  const player = { enter: () => {}, isTame: () => true };
  const { stage, allowed, error } = await play(mutant, new Random(1), player);
  if (allowed === undefined)
    return `${stage}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
  if (allowed === "ran") tally.ran++;
  else tally.refused++;
  if (isWhole && isFree && name.isText && allowed !== "ran")
    return `${stage}: ${allowed}, though any text will do: ${String(error)}`;
  try {
    inspect(mutant);
    stripTypeScriptTypes(types(mutant));
    // Who describes a component reads no core modules.
    return allowed === "invalid" && stage === "load" && !isFree ? "it is described, and cannot be loaded" : undefined;
  } catch (refusal) {
    if (refusal instanceof InvalidComponentError && allowed !== "ran") return undefined;
    return `described: ${String(refusal)}`;
  }
}

function shown({ bytes }: HostileName): string {
  const text = JSON.stringify(new TextDecoder().decode(bytes.subarray(0, 60)));
  return bytes.length > 60 ? `${text}… (${bytes.length} bytes)` : text;
}
