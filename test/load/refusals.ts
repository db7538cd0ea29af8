import assert from "node:assert/strict";
import { test } from "node:test";
import { InvalidComponentError } from "../../src/load/invalid-component.ts";
import { compiled } from "./wat.ts";

/** What is wrong with a component, its fields, and what the error says of it. */
export type Refusal = readonly [rule: string, fields: string, message: RegExp];

/** A test for each. */
export function refuses(refusals: readonly Refusal[]): void {
  for (const [rule, fields, message] of refusals) {
    test(`refuses: ${rule}`, async () => {
      await assert.rejects(compiled(fields), (error) => {
        assert.ok(error instanceof InvalidComponentError, String(error));
        assert.match(error.message, message);
        return true;
      });
    });
  }
}

/** A test for each: what is right with a component, and its fields. */
export function accepts(components: readonly (readonly [rule: string, fields: string])[]): void {
  for (const [rule, fields] of components) {
    test(`accepts: ${rule}`, async () => {
      await compiled(fields);
    });
  }
}
