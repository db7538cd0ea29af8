/** `wasi:http/types` 0.3: fields, as a guest calls them. */
import { bytes } from "../../../abi/lists.ts";
import { borrow, own } from "../../../abi/owned.ts";
import type { Entry } from "../../../abi/resources.ts";
import { returns } from "../../../abi/returns.ts";
import { bool } from "../../../abi/scalars.ts";
import { Fields } from "../../../wasi/http/fields.ts";
import { call, type Interface } from "../../definition.ts";
import { fieldMemoryOf } from "../../http/held.ts";
import { fieldList, fieldName, fieldValues } from "../../http/types.ts";
import type { Instance } from "../../instance.ts";
import { fieldResult, FIELDS, sized } from "./types.ts";

const self = borrow(FIELDS);
const unit = fieldResult<void>(null);

export function addFields({ resources }: Instance, fields: Fields): Entry {
  return resources.add(FIELDS, fields, () => fields.release());
}

export const fieldFunctions = (): Interface["functions"] => ({
  "[constructor]fields": call([], returns(own(FIELDS)), (instance) =>
    addFields(instance, new Fields(fieldMemoryOf(instance))),
  ),
  "[static]fields.from-list": call([fieldList], fieldResult(own(FIELDS)), (instance, given) =>
    addFields(
      instance,
      sized(() => Fields.fromList(given, fieldMemoryOf(instance))),
    ),
  ),
  "[method]fields.get": call([self, fieldName], returns(fieldValues), (_, fields, name) => fields.get(name)),
  "[method]fields.has": call([self, fieldName], returns(bool), (_, fields, name) => fields.has(name)),
  "[method]fields.set": call([self, fieldName, fieldValues], unit, (_, fields, name, values) =>
    sized(() => fields.set(name, values)),
  ),
  "[method]fields.delete": call([self, fieldName], unit, (_, fields, name) => fields.delete(name)),
  "[method]fields.get-and-delete": call([self, fieldName], fieldResult(fieldValues), (_, fields, name) =>
    fields.getAndDelete(name),
  ),
  "[method]fields.append": call([self, fieldName, bytes], unit, (_, fields, name, value) =>
    sized(() => fields.append(name, value)),
  ),
  "[method]fields.copy-all": call([self], returns(fieldList), (_, fields) => fields.all()),
  "[method]fields.clone": call([self], returns(own(FIELDS)), (instance, fields) => addFields(instance, fields.clone())),
});
