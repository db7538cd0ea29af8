/** All interfaces of `wasi:http` 0.3 that a component imports. */
import { defineInterface, type Interface } from "../../definition.ts";
import { client, handler } from "./client.ts";
import { fieldFunctions } from "./fields.ts";
import { messageFunctions } from "./messages.ts";
import { optionFunctions } from "./options.ts";
import { FIELDS, REQUEST, REQUEST_OPTIONS, RESPONSE } from "./types.ts";

/** @see WASI 0.3 `wasi:http/types` */
const types = defineInterface(
  "wasi:http/types",
  () => ({ ...fieldFunctions(), ...optionFunctions(), ...messageFunctions() }),
  [FIELDS, REQUEST, REQUEST_OPTIONS, RESPONSE],
);

export const HTTP_INTERFACES: readonly Interface[] = [types, client, handler];
