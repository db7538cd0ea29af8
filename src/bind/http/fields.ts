/** `wasi:http/types` 0.2: fields, as a guest calls them. */
import { borrow, own } from "../../abi/owned.ts";
import { bytes } from "../../abi/lists.ts";
import type { Entry } from "../../abi/resources.ts";
import { returns } from "../../abi/returns.ts";
import { bool } from "../../abi/scalars.ts";
import { Fields, type Field } from "../../wasi/http/fields.ts";
import { call, type Interface } from "../definition.ts";
import type { Instance } from "../instance.ts";
import { fieldMemoryOf } from "./held.ts";
import { fieldList, fieldName, fieldResult, FIELDS, fieldValues } from "./types.ts";

const self = borrow(FIELDS);
const unit = fieldResult<void>(null);

/** Gives the guest what a message has, not to be changed, for as long as the message lives. */
export function addHeaders(instance: Instance, fields: readonly Field[], parent?: Entry): Entry {
  return addFields(instance, Fields.from(fields, fieldMemoryOf(instance), true), parent);
}

export function addFields({ resources }: Instance, fields: Fields, parent?: Entry): Entry {
  return resources.add(FIELDS, fields, () => fields.release(), parent);
}

export const fieldFunctions = (): Interface["functions"] => ({
  "[constructor]fields": call([], returns(own(FIELDS)), (instance) =>
    addFields(instance, new Fields(fieldMemoryOf(instance))),
  ),
  "[static]fields.from-list": call([fieldList], fieldResult(own(FIELDS)), (instance, given) =>
    addFields(instance, Fields.fromList(given, fieldMemoryOf(instance))),
  ),
  "[method]fields.get": call([self, fieldName], returns(fieldValues), (_, fields, name) => fields.get(name)),
  "[method]fields.has": call([self, fieldName], returns(bool), (_, fields, name) => fields.has(name)),
  "[method]fields.set": call([self, fieldName, fieldValues], unit, (_, fields, name, values) =>
    fields.set(name, values),
  ),
  "[method]fields.delete": call([self, fieldName], unit, (_, fields, name) => fields.delete(name)),
  "[method]fields.append": call([self, fieldName, bytes], unit, (_, fields, name, value) => fields.append(name, value)),
  "[method]fields.entries": call([self], returns(fieldList), (_, fields) => fields.entries()),
  "[method]fields.clone": call([self], returns(own(FIELDS)), (instance, fields) => addFields(instance, fields.clone())),
});
