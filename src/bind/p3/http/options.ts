/** `wasi:http/types` 0.3: time-outs of requests, as a guest calls them. */
import { borrow, own } from "../../../abi/owned.ts";
import type { Entry } from "../../../abi/resources.ts";
import { returns } from "../../../abi/returns.ts";
import { u64 } from "../../../abi/scalars.ts";
import { option } from "../../../abi/variants.ts";
import { WitError } from "../../../io/errors.ts";
import { RequestOptions } from "../../../wasi/http/message.ts";
import { call, type Interface } from "../../definition.ts";
import type { Instance } from "../../instance.ts";
import { optionsResult, REQUEST_OPTIONS } from "./types.ts";

const self = borrow(REQUEST_OPTIONS);

export function addOptions({ resources }: Instance, values: RequestOptions, isImmutable: boolean): Entry {
  return resources.add(REQUEST_OPTIONS, { values, isImmutable });
}

function copied(values: RequestOptions): RequestOptions {
  return Object.assign(new RequestOptions(), values);
}

function timeout(
  name: string,
  key: "connectTimeout" | "firstByteTimeout" | "betweenBytesTimeout",
): Interface["functions"] {
  return {
    [`[method]request-options.get-${name}`]: call([self], returns(option(u64)), (_, { values }) => values[key]),
    [`[method]request-options.set-${name}`]: call(
      [self, option(u64)],
      optionsResult<void>(null),
      (_, { values, isImmutable }, duration) => {
        if (isImmutable) throw new WitError({ tag: "immutable" }, "the options of a request cannot be changed");
        values[key] = duration;
      },
    ),
  };
}

export const optionFunctions = (): Interface["functions"] => ({
  "[constructor]request-options": call([], returns(own(REQUEST_OPTIONS)), (instance) =>
    addOptions(instance, new RequestOptions(), false),
  ),
  ...timeout("connect-timeout", "connectTimeout"),
  ...timeout("first-byte-timeout", "firstByteTimeout"),
  ...timeout("between-bytes-timeout", "betweenBytesTimeout"),
  "[method]request-options.clone": call([self], returns(own(REQUEST_OPTIONS)), (instance, { values }) =>
    addOptions(instance, copied(values), false),
  ),
});
