/** When the body of a request that expects 100 is sent: in memory, with a clock that the test turns. */
import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { test } from "node:test";
import { isWanted } from "../../src/hosts/node/http/settling.ts";
import { staysPending } from "../../src/testing/index.ts";

/** What comes of a request whose server does this. */
function wanted(answer: (exchange: EventEmitter) => void): Promise<boolean> {
  const exchange = new EventEmitter();
  const answered = isWanted(exchange, Number);
  answer(exchange);
  return answered;
}

test("11.14 a body is sent when 100 comes, or another answer below 400, and not for one of 400 or more", async () => {
  assert.equal(await wanted((exchange) => void exchange.emit("continue")), true);
  for (const [status, isSent] of [
    [200, true],
    [399, true],
    [400, false],
    [417, false],
    [500, false],
  ] as const) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    assert.equal(await wanted((exchange) => void exchange.emit("response", status)), isSent, String(status));
  }
  assert.equal(await wanted((exchange) => void exchange.emit("close")), false);
});

test("11.14 a body is sent when nothing has come for a second", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const silent = wanted(() => {});
  t.mock.timers.tick(999);
  assert.ok(await staysPending(silent));
  t.mock.timers.tick(1);
  assert.equal(await staysPending(silent), false);
  assert.equal(await silent, true);
});
