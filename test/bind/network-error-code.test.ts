/** What a guest is told of the error of a stream, if that is one of the network's. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Source } from "../../src/io/ports.ts";
import { ERROR_CODES } from "../../src/wasi/sockets/error-code.ts";
import { BareGuest } from "./support.ts";

/** Fails at once. */
function failing(cause: unknown): Source {
  return {
    read: () => {
      throw cause;
    },
    ready: () => true,
    watch: () => {},
    unwatch: () => {},
    close: () => {},
  };
}

const withCode = (code: string): Error => Object.assign(new Error(code), { code });

for (const [cause, expected] of [
  [withCode("ECONNRESET"), "connection-reset"],
  [withCode("ETIMEDOUT"), "timeout"],
  [withCode("ENOSPC"), undefined],
  [withCode("constructor"), undefined],
  [new Error("of nobody's"), undefined],
  ["no error at all", undefined],
] as const) {
  test(`9.9 network-error-code of ${String(cause)} is ${expected ?? "none"}`, () => {
    const guest = new BareGuest({ stdin: failing(cause) });
    const stdin = guest.lower("wasi:cli/stdin", "get-stdin")();
    guest.lower("wasi:io/streams", "[method]input-stream.read")(stdin, 1n, 64);
    assert.equal(guest.view.getUint8(64), 1, "it fails");
    assert.equal(guest.view.getUint8(68), 0, "last-operation-failed");
    guest.lower("wasi:sockets/network", "network-error-code")(guest.view.getUint32(72, true), 128);
    const [isSome, code] = [guest.view.getUint8(128), guest.view.getUint8(129)];
    assert.equal(isSome === 1 ? ERROR_CODES[code] : undefined, expected);
  });
}
