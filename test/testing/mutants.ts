/** What the tests of the checks share: streams that are broken on purpose are caught by the rule that they break. */
import assert from "node:assert/strict";
import { StreamError } from "../../src/io/errors.ts";
import { ContractError, type CheckOptions } from "../../src/testing/index.ts";

/** The rules that a check finds broken. */
export async function brokenRules(check: Promise<unknown>): Promise<string[]> {
  try {
    await check;
    return [];
  } catch (error) {
    assert.ok(error instanceof ContractError, String(error));
    for (const { rule, claim } of error.broken) assert.ok(error.message.includes(`${rule} ${claim}`));
    return error.broken.map(({ rule }) => rule);
  }
}

/** Tries the rule that a mutant breaks, and no other. */
export function only(mutant: { readonly rule: string }): CheckOptions {
  return { only: ({ rule }) => rule === mutant.rule };
}

/** A failure that is reported where it should not be. */
export const failed: StreamError = StreamError.failed(new Error("again"));

/** What a stream reports; nothing for other errors. */
export function tagOf(error: unknown): unknown {
  return error instanceof StreamError ? error.payload.tag : undefined;
}

/** Reports the failure again where the stream is closed. */
export function repeating<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw tagOf(error) === "closed" ? failed : error;
  }
}

/** The methods of an object, with some of them in other words. */
export function changed<T extends object>(object: T, changes: Partial<T> = {}): T {
  return new Proxy(object, {
    get(target, name) {
      const value: unknown = Reflect.get(name in changes ? changes : target, name);
      return typeof value === "function" ? value.bind(name in changes ? changes : target) : value;
    },
  });
}
