import { type CopyBinding, Guest, type ResourceBinding } from "../../src/abi/guest.ts";
import { HandleCount, HandleTable } from "../../src/abi/handles.ts";
import { Resources } from "../../src/abi/resources.ts";
import { otherTexts } from "../../src/abi/text.ts";
import type { StringEncoding } from "../../src/abi/types.ts";
import { Peer } from "./model.ts";

await otherTexts.load();

/** A guest as functions see it, and the same one as the model has it: one memory, one allocator. */
export interface Both {
  readonly guest: Guest;
  readonly peer: Peer;
}

export function newGuest(
  encoding: StringEncoding = "utf8",
  bindings: readonly (ResourceBinding | undefined)[] = [],
  copies?: CopyBinding,
): Both {
  const peer = new Peer(encoding);
  const { memory, realloc } = peer;
  const handles = new HandleTable(new HandleCount(10));
  return {
    peer,
    guest: new Guest({ memory, realloc, encoding, handles, resources: new Resources(10), bindings, copies }),
  };
}
