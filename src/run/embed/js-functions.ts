/** Functions of the embedder's as a guest calls them. */
import { codecOf, returnsOf } from "../../abi/codec.ts";
import type { FuncType } from "../../abi/types.ts";
import { WitError } from "../../io/errors.ts";
import type { Definition } from "../../bind/definition.ts";
import type { ImportedFunction } from "../imports.ts";

/** A function of this type that is carried out by `run`; a promise that it returns suspends the guest. */
export function jsDefinition(type: FuncType, run: ImportedFunction): Definition {
  const params = type.params.map((param) => codecOf(param.type));
  const returns = returnsOf(type.result);
  return {
    params,
    returns: type.result?.kind === "result" ? { ...returns, caught: caughtBy(returns.caught) } : returns,
    // With what the guest gave, in the shapes that its types have.
    run: (_, values) => run(...(values as never[])),
    waits: "promise",
    boxed: true,
    idle: undefined,
    fast: undefined,
    front: undefined,
  };
}

/** What an embedder throws for the error case: anything with a `payload`, as jco's, or what is no error at all. */
function caughtBy(caught: Definition["returns"]["caught"]): Definition["returns"]["caught"] {
  return (error, resources) => {
    if (error instanceof Error && !("payload" in error)) throw error;
    const payload = error instanceof Error && "payload" in error ? error.payload : error;
    return caught(new WitError(payload, "the error case"), resources);
  };
}
