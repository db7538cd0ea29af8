/** Requests that come in one turn of the event loop: all are asked before any is answered, and none waits long for that. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { cohort as shared, Cohort, type Member } from "../../src/hosts/node/http/cohort.ts";
import { exchange, type Wire } from "../../src/hosts/node/http/exchange.ts";
import type { HttpRequest, HttpResponse } from "../../src/wasi/http/exchange.ts";
import { turn } from "../run/support.ts";

/** Members that say what becomes of them. */
function told() {
  let ms = 0;
  const cohort = new Cohort(assert.ifError, () => ms);
  const events: string[] = [];
  const compute = (): void => void (ms += 3);
  const member = (name: string, answer: () => unknown): Member => {
    const self: Member = {
      begin() {
        events.push(`begin ${name}`);
        void (async () => {
          await answer();
          cohort.end(self);
        })();
      },
      end: () => void events.push(`end ${name}`),
    };
    return self;
  };
  return { cohort, events, member, compute };
}

test("all that come in one turn begin before the first of them ends", async () => {
  const { cohort, events, member } = told();
  for (const name of ["a", "b", "c"]) cohort.begin(member(name, () => Promise.resolve()));
  assert.deepEqual(events, []);
  await turn();
  assert.deepEqual(events, ["begin a", "begin b", "begin c", "end a", "end b", "end c"]);
});

test("one that has to wait ends when it is answered, and the others without it", async () => {
  const { cohort, events, member } = told();
  const { promise, resolve } = Promise.withResolvers<undefined>();
  cohort.begin(member("slow", () => promise));
  cohort.begin(member("fast", () => undefined));
  await turn();
  assert.deepEqual(events, ["begin slow", "begin fast", "end fast"]);
  resolve(undefined);
  await turn();
  assert.deepEqual(events.slice(3), ["end slow"]);
});

test("who is answered is not kept for those that compute", async () => {
  const { cohort, events, member, compute } = told();
  cohort.begin(member("a", () => undefined));
  cohort.begin(member("b", compute));
  cohort.begin(member("c", () => undefined));
  await cohort.begun();
  await turn();
  assert.deepEqual(events, ["begin a", "begin b", "end a", "end b", "begin c", "end c"]);
});

test("where those of a turn compute when they are promised to, fewer begin together in the next", async () => {
  const { cohort, events, member, compute } = told();
  for (const name of ["a", "b"]) cohort.begin(member(name, () => Promise.resolve().then(compute)));
  await cohort.begun();
  await turn();
  assert.deepEqual(events.splice(0), ["begin a", "begin b", "end a", "end b"]);
  for (const name of ["c", "d"]) cohort.begin(member(name, () => undefined));
  await cohort.begun();
  await turn();
  assert.deepEqual(events, ["begin c", "end c", "begin d", "end d"]);
});

test("one that throws as it begins or ends keeps no other from either, and all is told", async () => {
  const faults: unknown[] = [];
  const cohort = new Cohort(
    (fault) => void faults.push(fault),
    () => 0,
  );
  const events: string[] = [];
  const member = (name: string, broken?: "begin" | "end"): Member => {
    const self: Member = {
      begin() {
        events.push(`begin ${name}`);
        if (broken === "begin") throw new Error(name);
        cohort.end(self);
      },
      end() {
        events.push(`end ${name}`);
        if (broken === "end") throw new Error(name);
      },
    };
    return self;
  };
  const all = [member("a"), member("b", "end"), member("c", "begin"), member("d", "end"), member("e")];
  for (const one of all) cohort.begin(one);
  await cohort.begun();
  await turn();
  assert.deepEqual(
    events.filter((event) => event.startsWith("end")),
    ["end a", "end b", "end d", "end e"],
  );
  assert.deepEqual(faults, [new Error("c"), new Error("b"), new Error("d")]);
  // And those that come later go along as ever.
  events.length = 0;
  cohort.begin(member("f"));
  cohort.begin(member("g"));
  await turn();
  assert.deepEqual(events, ["begin f", "begin g", "end f", "end g"]);
});

const REQUEST: HttpRequest = {
  ...{ method: "GET", scheme: "http", authority: "a.test", path: "/", headers: [], body: undefined },
  timeouts: { connect: Infinity, firstByte: Infinity, betweenBytes: Infinity },
};

/** A wire that says what was sent by it. */
function wire(isGone: () => boolean): { readonly wire: Wire; readonly sent: number[] } {
  const sent: number[] = [];
  return {
    sent,
    wire: {
      request: REQUEST,
      get isGone() {
        return isGone();
      },
      hasBegun: false,
      refuse() {},
      keep() {},
      leaving: () => () => {},
      begin: (status) => void sent.push(status),
      flush() {},
      end() {},
      send: () => Promise.resolve(),
    },
  };
}

test("nobody is asked for a client that has left by then", async () => {
  let isGone = false;
  let asked = 0;
  const answer = (): Promise<HttpResponse> => {
    asked++;
    return Promise.resolve({ status: 204, headers: [], body: undefined });
  };
  const left = wire(() => isGone);
  const stayed = wire(() => false);
  for (const one of [left, stayed]) exchange(answer, assert.ifError, one.wire);
  isGone = true;
  await shared.begun();
  await turn();
  assert.equal(asked, 1);
  assert.deepEqual([left.sent, stayed.sent], [[], [204]]);
});

test("one whose answering fails takes nobody else along", async () => {
  const failures: unknown[] = [];
  const bad = wire(() => false);
  const good = wire(() => false);
  const fail = (error: unknown): void => void failures.push(error);
  exchange(() => Promise.reject(new Error("no")), fail, bad.wire);
  exchange(() => Promise.resolve({ status: 100, headers: [], body: undefined }), fail, bad.wire);
  exchange(() => Promise.resolve({ status: 204, headers: [], body: undefined }), fail, good.wire);
  await shared.begun();
  await turn();
  assert.equal(failures.length, 2);
  assert.deepEqual([bad.sent, good.sent], [[500, 500], [204]]);
});

test("however late it is, one begins", async () => {
  let ms = 0;
  // Whenever somebody looks at the clock the process was not given the processor for a while.
  const cohort = new Cohort(assert.ifError, () => (ms += 100));
  let begun = 0;
  for (let count = 0; count < 20; count++) cohort.begin({ begin: () => void begun++, end: () => {} });
  await cohort.begun();
  assert.equal(begun, 20);
});
