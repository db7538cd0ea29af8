/** Name lookup: what each answer of a resolver comes to, and that a guest cannot ask for too much at a time. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../../testing/properties.ts";
import { nodeLookup } from "../../../src/hosts/node/net/lookup.ts";
import { complete } from "../../../src/io/steps.ts";
import { poll } from "../../../src/io/poll.ts";
import { microtasks } from "../../../src/testing/index.ts";
import { Lookups, type AddressStream, type LookupPort } from "../../../src/wasi/sockets/lookup.ts";
import { counter, outcomeOf } from "./support.ts";

/** A resolver that answers when the test says so. */
class FakeLookup implements LookupPort {
  readonly asked: {
    readonly name: string;
    readonly resolve: (addresses: readonly string[]) => void;
    readonly reject: (cause: unknown) => void;
  }[] = [];

  lookup(name: string): Promise<readonly string[]> {
    return new Promise((resolve, reject) => void this.asked.push({ name, resolve, reject }));
  }
}

const next = (stream: AddressStream): string => outcomeOf(() => stream.next()?.ip);

test("10.12 an address needs nobody, and is there at once", () => {
  const port = new FakeLookup();
  const stream = new Lookups(port, 1).resolve("[::ffff:1.2.3.4]");
  assert.equal(stream.ready(), true);
  assert.deepEqual([next(stream), next(stream), next(stream)], ['"1.2.3.4"', "ok", "ok"]);
  assert.equal(port.asked.length, 0);
});

test("10.12 what is no name is an invalid argument at once, and nobody is asked", () => {
  const port = new FakeLookup();
  for (const name of ["", "a b", "127.0.0.1:80"]) {
    assert.equal(
      outcomeOf(() => new Lookups(port, 1).resolve(name)),
      "invalid-argument",
    );
  }
  assert.equal(port.asked.length, 0);
});

test("10.13 addresses come in the order of the resolver, then none for ever", async () => {
  const port = new FakeLookup();
  const stream = new Lookups(port, 1).resolve("Example.COM");
  assert.equal(port.asked[0]?.name, "example.com");
  assert.equal(stream.ready(), false);
  assert.equal(next(stream), "would-block");
  const waker = counter(stream);
  port.asked[0].resolve(["::ffff:192.0.2.1", "2001:DB8::1", "fe80::1%eth0", "192.0.2.1"]);
  await microtasks();
  assert.equal(waker.woken, 1);
  assert.equal(stream.ready(), true);
  assert.deepEqual(
    Array.from({ length: 6 }, () => next(stream)),
    ['"192.0.2.1"', '"2001:db8::1"', '"fe80::1"', '"192.0.2.1"', "ok", "ok"],
  );
});

test("10.13 each failure of a resolver has its code, and is told each time", async () => {
  const codes: Record<string, string> = {
    ENOTFOUND: "name-unresolvable",
    ENODATA: "name-unresolvable",
    EAI_NODATA: "name-unresolvable",
    EAI_AGAIN: "temporary-resolver-failure",
    ESERVFAIL: "temporary-resolver-failure",
    EAI_FAIL: "permanent-resolver-failure",
    EAI_MEMORY: "out-of-memory",
    EOTHER: "unknown",
  };
  for (const [code, expected] of Object.entries(codes)) {
    const port = new FakeLookup();
    const stream = new Lookups(port, 1).resolve("a");
    port.asked[0]?.reject(Object.assign(new Error(code), { code }));
    await microtasks();
    assert.equal(stream.ready(), true);
    assert.deepEqual([next(stream), next(stream)], [expected, expected]);
  }
});

test("10.13 no address is no name", async () => {
  const port = new FakeLookup();
  const stream = new Lookups(port, 1).resolve("a");
  port.asked[0]?.resolve([]);
  await microtasks();
  assert.equal(next(stream), "name-unresolvable");
});

test("a resolver that gives what is no address is named, and one that throws at once is only an error", async () => {
  for (const answer of [["nonsense"], [undefined], [""]]) {
    const port = new FakeLookup();
    const stream = new Lookups(port, 1).resolve("a");
    port.asked[0]?.resolve(answer as string[]);
    await microtasks();
    assert.throws(() => stream.next(), /The lookup of a gave .*, which is no IP address/);
  }
  const lookups = new Lookups(
    {
      lookup: () => {
        throw new Error("no");
      },
    },
    1,
  );
  const stream = lookups.resolve("a");
  await microtasks();
  assert.equal(next(stream), "unknown");
});

test("10.14 so many run at a time, abandoned ones too; one that has not begun is never asked when dropped", async () => {
  const port = new FakeLookup();
  const lookups = new Lookups(port, 2);
  const streams = ["a", "b", "c", "d", "e"].map((name) => lookups.resolve(name));
  const asked = (): string => port.asked.map(({ name }) => name).join("");
  assert.equal(asked(), "ab");
  streams[0]?.drop();
  streams[2]?.drop();
  assert.equal(asked(), "ab");
  const waker = counter(streams[0] ?? assert.fail());
  port.asked[0]?.resolve(["192.0.2.1"]);
  await microtasks();
  assert.equal(waker.woken, 0);
  assert.equal(asked(), "abd");
  port.asked[1]?.reject(new Error("no"));
  port.asked[2]?.resolve(["192.0.2.1"]);
  await microtasks();
  assert.equal(asked(), "abde");
});

test("10.14 whatever is resolved, answered and dropped, no more run than may, and all that live are answered", async () => {
  const step = fc.record({ what: fc.constantFrom("resolve", "resolve", "answer", "fail", "drop"), which: fc.nat(7) });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), fc.integer({ min: 1, max: 3 }), async (steps, limit) => {
      const port = new FakeLookup();
      const lookups = new Lookups(port, limit);
      let answered = 0;
      const live: AddressStream[] = [];
      const answer = (index: number, fails: boolean): void => {
        const { asked } = port;
        const pending = asked.slice(answered);
        if (pending.length === 0) return;
        assert.ok(pending.length <= limit);
        // In order: which of those that run is of no concern here.
        const [one] = asked.slice(answered, answered + 1);
        answered++;
        if (fails) one?.reject(new Error(String(index)));
        else one?.resolve(["192.0.2.1"]);
      };
      for (const { what, which } of steps) {
        if (what === "resolve") live.push(lookups.resolve("a"));
        else if (what === "drop") live.splice(which, 1)[0]?.drop();
        else answer(which, what === "fail");
        await microtasks();
        assert.ok(port.asked.length - answered <= limit);
      }
      while (port.asked.length > answered) {
        answer(0, false);
        await microtasks();
      }
      assert.ok(live.every((stream) => stream.ready()));
    }),
    { numRuns: 200 },
  );
});

test("the system's resolver knows localhost", async () => {
  const stream = new Lookups(nodeLookup, 4).resolve("localhost");
  await complete(poll([stream]));
  assert.match(next(stream), /^"(?:127\.|::1)/);
});
