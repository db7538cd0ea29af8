/** `wasi:http/types` 0.2: fields, as a guest calls them. */
import { borrow, own } from "../../abi/owned.ts";
import { bytes, list } from "../../abi/lists.ts";
import type { Entry } from "../../abi/resources.ts";
import { returns } from "../../abi/returns.ts";
import { bool, string } from "../../abi/scalars.ts";
import { Fields, type Field } from "../../wasi/http/fields.ts";
import { call, type Interface } from "../definition.ts";
import type { Instance } from "../instance.ts";
import { FIELDS, fieldList, fieldResult } from "./types.ts";

const self = borrow(FIELDS);
const unit = fieldResult<void>(null);

/** Gives the guest what a message has, not to be changed, for as long as the message lives. */
export function addHeaders(instance: Instance, fields: readonly Field[], parent?: Entry): Entry {
  const { resources, world } = instance;
  return resources.add(FIELDS, Fields.from(fields, world.limits.fieldBytes, true), undefined, parent);
}

export const fieldFunctions = (): Interface["functions"] => ({
  "[constructor]fields": call([], returns(own(FIELDS)), ({ resources, world }) =>
    resources.add(FIELDS, new Fields(world.limits.fieldBytes)),
  ),
  "[static]fields.from-list": call([fieldList], fieldResult(own(FIELDS)), ({ resources, world }, given) =>
    resources.add(FIELDS, Fields.fromList(given, world.limits.fieldBytes)),
  ),
  "[method]fields.get": call([self, string], returns(list(bytes)), (_, fields, name) => fields.get(name)),
  "[method]fields.has": call([self, string], returns(bool), (_, fields, name) => fields.has(name)),
  "[method]fields.set": call([self, string, list(bytes)], unit, (_, fields, name, values) => fields.set(name, values)),
  "[method]fields.delete": call([self, string], unit, (_, fields, name) => fields.delete(name)),
  "[method]fields.append": call([self, string, bytes], unit, (_, fields, name, value) => fields.append(name, value)),
  "[method]fields.entries": call([self], returns(fieldList), (_, fields) => fields.entries()),
  "[method]fields.clone": call([self], returns(own(FIELDS)), ({ resources }, fields) =>
    resources.add(FIELDS, fields.clone()),
  ),
});
