/** All interfaces of `wasi:http` that a component imports. */
import { defineInterface, type Interface } from "../definition.ts";
import { bodyFunctions } from "./bodies.ts";
import { fieldFunctions } from "./fields.ts";
import { messageFunctions } from "./messages.ts";
import { outgoingHandler } from "./outgoing-handler.ts";
import {
  FIELDS,
  FUTURE_RESPONSE,
  FUTURE_TRAILERS,
  INCOMING_BODY,
  INCOMING_REQUEST,
  INCOMING_RESPONSE,
  OUTGOING_BODY,
  OUTGOING_REQUEST,
  OUTGOING_RESPONSE,
  REQUEST_OPTIONS,
  RESPONSE_OUTPARAM,
} from "./types.ts";

/** @see WASI 0.2 `wasi:http/types` */
const types = defineInterface(
  "wasi:http/types",
  () => ({ ...fieldFunctions(), ...messageFunctions(), ...bodyFunctions() }),
  [
    FIELDS,
    INCOMING_REQUEST,
    OUTGOING_REQUEST,
    REQUEST_OPTIONS,
    RESPONSE_OUTPARAM,
    INCOMING_RESPONSE,
    INCOMING_BODY,
    FUTURE_TRAILERS,
    OUTGOING_RESPONSE,
    OUTGOING_BODY,
    FUTURE_RESPONSE,
  ],
);

export const HTTP_INTERFACES: readonly Interface[] = [types, outgoingHandler];
