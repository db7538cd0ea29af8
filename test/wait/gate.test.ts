import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../testing/properties.ts";
import { call, encodeModule, func, get, type CoreType, type FunctionType } from "../../src/abi/encode.ts";
import type { CoreValue } from "../../src/abi/type.ts";
import type { Readiness } from "../../src/io/readiness.ts";
import type { Steps } from "../../src/io/steps.ts";
import { encodeGates } from "../../src/wait/gate-code.ts";
import { GateModules, WAIT, type CoreFunction, type GateContext, type Ungated } from "../../src/wait/gate.ts";
import type { Ends } from "../../src/wait/drive.ts";
import { Task, type Loop } from "../../src/wait/task.ts";
import { held } from "./support.ts";

type Result = CoreType | undefined;
type Call = (...args: CoreValue[]) => CoreValue | undefined;

/** Values of each type, among them what looks like `WAIT`. */
const VALUES = {
  i32: [0, 1, -2, WAIT, 2 ** 31 - 1, -(2 ** 31)],
  i64: [0n, 1n, -2n, BigInt(WAIT), 2n ** 63n - 1n, -(2n ** 63n)],
  f32: [0, -0, 1.5, WAIT, Infinity, Number.NaN],
  f64: [0, -0, 0.1, WAIT, -Infinity, Number.NaN],
} as const satisfies Readonly<Record<CoreType, readonly CoreValue[]>>;
const RESULTS = ["i32", "i64", "f32", "f64", undefined] as const;

// Not among the types of TypeScript's own library.
const { promising } = WebAssembly as unknown as {
  promising(f: CoreFunction): (...args: unknown[]) => Promise<unknown>;
};

/** A loop that turns when it is told to, and whose clock stands still. */
class HeldLoop implements Loop {
  turns = 0;
  #turn: PromiseWithResolvers<void> | undefined;

  turn(): Promise<void> {
    this.turns++;
    this.#turn = Promise.withResolvers<void>();
    return this.#turn.promise;
  }

  release(): void {
    this.#turn?.resolve();
  }

  now(): number {
    return 0;
  }
}

class Host {
  readonly loop = new HeldLoop();
  readonly task = new Task(this.loop);
  readonly mayLeave = new WebAssembly.Global({ value: "i32", mutable: true }, 1);
  failures = 0;

  context(parts: Partial<GateContext> = {}): GateContext {
    return {
      task: this.task.gate,
      memory: undefined,
      realloc: undefined,
      staging: undefined,
      mayLeave: this.mayLeave,
      refuse: () => {
        throw new Error("refused");
      },
      failed: () => void this.failures++,
      ...parts,
    };
  }

  gate(...functions: Partial<Ungated>[]): Call[] {
    const whole = functions.map((one): Ungated => ({ ...ungated(() => 0), ...one }));
    return new GateModules(encodeGates).gate(whole, this.context()).functions.map(asCall);
  }

  /** The next call has to give way. */
  spend(): void {
    while (this.task.callsLeft > 0) this.task.countCalls(this.task.callsLeft);
    this.task.idle();
  }
}

function ungated(attempt: CoreFunction): Ungated {
  return { params: [], result: undefined, attempt, boxed: false, front: undefined };
}

/** A gated function takes and gives core values. */
function asCall(gated: CoreFunction | undefined): Call {
  assert.ok(gated);
  return gated as unknown as Call;
}

/** A guest whose only function calls what it is given, and gives what that gives; as it may be suspended. */
function guestOf(
  gated: Call | undefined,
  params: readonly CoreType[],
  result: Result,
): (...args: CoreValue[]) => Promise<unknown> {
  const type: FunctionType = [params, result ? [result] : []];
  const bytes = encodeModule({
    types: [type],
    imports: [["host", "f", func(0)]],
    functions: [{ name: "g", type: 0, locals: [], body: [...params.flatMap((_, index) => get(index)), ...call(0)] }],
  });
  const imports = { host: { f: gated as unknown as WebAssembly.ImportValue } };
  const { g } = new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array(bytes)), imports).exports;
  return promising(g as CoreFunction);
}

function* after<T>(readiness: Readiness, value: T): Generator<Readiness, T, void> {
  yield readiness;
  return value;
}

function* failing(readiness: Readiness, error: Error): Generator<Readiness, number, void> {
  yield readiness;
  throw error;
}

const passOn: Ends<unknown, CoreValue | undefined, CoreValue | undefined> = {
  deliver: (_args, value) => value,
  deliverError: (_args, error) => {
    throw error;
  },
};

/** Begins `steps`, and has the guest wait for them. */
function pend(host: Host, steps: Steps<CoreValue | undefined>, isBoxed?: boolean): number {
  const step = steps.next();
  assert.ok(step.done !== true);
  return host.task.pend(steps, step.value, passOn, [], isBoxed);
}

test("a result of any type comes as it is, if it does not say WAIT", () => {
  const host = new Host();
  for (const result of RESULTS) {
    for (const value of result ? VALUES[result] : [undefined]) {
      const says = (result === "i32" || result === "i64") && Number(value) === WAIT;
      if (says) continue;
      const [f] = host.gate({ result, attempt: () => value });
      assert.equal(f?.(), value, `${result} ${value}`);
    }
  }
});

test("a boxed result of any type comes as it is, whatever it is", () => {
  const host = new Host();
  for (const result of RESULTS) {
    for (const value of result ? VALUES[result] : []) {
      const attempt = (): number => {
        host.task.boxed = value;
        return 0;
      };
      const [f] = host.gate({ result, boxed: true, attempt });
      assert.equal(f?.(), value, `${result} ${value}`);
    }
  }
});

test("parameters of any type come as they are; a length is a number, as far as that is exact", () => {
  const host = new Host();
  let seen: unknown[] = [];
  const attempt = (...args: unknown[]): number => {
    seen = args;
    return 0;
  };
  const [f] = host.gate({ params: ["f64", "i32", "length", "i64", "f32", "length"], attempt });
  f?.(0.1, -1, 5n, -5n, 1.5, -1n);
  assert.deepEqual(seen, [0.1, -1, 5, -5n, 1.5, 2 ** 64]);
  f?.(-0, 0, 2n ** 53n - 1n, 0n, Number.NaN, 0n);
  assert.deepEqual(seen, [-0, 0, 2 ** 53 - 1, 0n, Number.NaN, 0]);
});

const form = fc.record({
  params: fc.array(fc.constantFrom("i32", "i64", "f32", "f64", "length"), { maxLength: 16 }),
  result: fc.constantFrom(...RESULTS),
  boxed: fc.boolean(),
});

test("all functions of one module are themselves, whatever their types", () => {
  const valueOf = (type: CoreType | "length", at: number): CoreValue =>
    type === "i64" || type === "length" ? BigInt(at) : at;
  fc.assert(
    fc.property(fc.array(form, { maxLength: 20 }), (forms) => {
      const host = new Host();
      const seen: unknown[][] = [];
      const functions = host.gate(
        ...forms.map((one, index): Ungated => {
          const boxed = one.boxed && one.result !== undefined;
          const result = one.result && valueOf(one.result, index);
          const attempt = (...args: unknown[]): CoreValue | undefined => {
            seen[index] = args;
            if (boxed) host.task.boxed = result;
            return boxed ? 0 : (result ?? 0);
          };
          return { ...ungated(attempt), ...one, boxed };
        }),
      );
      for (const [index, { params, result }] of forms.entries()) {
        const got = functions[index]?.(...params.map((type, at) => valueOf(type, at)));
        assert.equal(got, result && valueOf(result, index));
        assert.deepEqual(
          seen[index],
          params.map((type, at) => (type === "length" ? at : valueOf(type, at))),
        );
      }
    }),
  );
});

test("a module is made once for functions of the same form", (t) => {
  const modules = new GateModules(encodeGates);
  const host = new Host();
  const made = t.mock.method(WebAssembly, "Module");
  const one: Ungated = { ...ungated(() => 0), params: ["i32"], result: "i32" };
  for (let twice = 0; twice < 2; twice++) {
    modules.gate([one, one], host.context());
    modules.gate([{ ...one, attempt: () => 1 }, one], host.context());
  }
  assert.equal(made.mock.callCount(), 1);
  modules.gate([one], host.context());
  modules.gate([one, { ...one, boxed: true }], host.context());
  modules.gate([one, one], host.context({ realloc: () => 0 }));
  assert.equal(made.mock.callCount(), 4);
});

test("while it may not leave, the guest is refused, and nothing is attempted", () => {
  const host = new Host();
  let calls = 0;
  const [f] = host.gate({ result: "i32", attempt: () => ++calls });
  assert.equal(f?.(), 1);
  host.mayLeave.value = 0;
  assert.throws(() => f?.(), /refused/);
  host.mayLeave.value = 1;
  assert.equal(f?.(), 2);
});

test("a refusal that does not throw ends the guest all the same", () => {
  const host = new Host();
  const context = host.context({ refuse: (() => {}) as () => never });
  const [f] = new GateModules(encodeGates).gate([ungated(() => assert.fail())], context).functions;
  host.mayLeave.value = 0;
  assert.throws(() => asCall(f)(), WebAssembly.RuntimeError);
});

test("while its allocator runs, the guest may not leave; if that traps, never again", () => {
  const host = new Host();
  const calls: unknown[] = [];
  let fails = false;
  const allocate = (...args: number[]): number => {
    calls.push([host.mayLeave.value, ...args]);
    if (fails) throw new WebAssembly.RuntimeError("unreachable");
    return 64;
  };
  const { functions, realloc } = new GateModules(encodeGates).gate(
    [ungated(() => 0)],
    host.context({ realloc: allocate }),
  );
  assert.equal(asCall(realloc)(1, 2, 4, 8), 64);
  assert.deepEqual(calls, [[0, 1, 2, 4, 8]]);
  assert.equal(host.mayLeave.value, 1);
  fails = true;
  assert.throws(() => asCall(realloc)(0, 0, 1, 1), /unreachable/);
  assert.equal(host.mayLeave.value, 0);
  assert.throws(() => asCall(functions[0])(), /refused/);
});

test("a guest without an allocator has none", () => {
  assert.equal(new GateModules(encodeGates).gate([], new Host().context()).realloc, undefined);
});

test("a call that waits suspends the guest, and gives a result of any type", async () => {
  for (const result of RESULTS) {
    for (const boxed of result ? [false, true] : [false]) {
      if (!boxed && (result === "f32" || result === "f64")) continue;
      for (const value of result ? VALUES[result] : [undefined]) {
        // Only a boxed one may be what WAIT is.
        if (!boxed && Number(value) === WAIT) continue;
        const host = new Host();
        const readiness = held();
        const wait = result === "i64" && !boxed ? BigInt(WAIT) : WAIT;
        const attempt = (): CoreValue => {
          pend(host, after(readiness, value), boxed);
          return wait;
        };
        const [f] = host.gate({ result, boxed, attempt });
        const called = guestOf(f, [], result)();
        assert.equal(readiness.signal.watchers, 1);
        readiness.signal.notify();
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        assert.equal(await called, value, `${result} ${value}`);
        assert.equal(readiness.signal.watchers, 0);
      }
    }
  }
});

test("calls that wait at the same time go on when each is woken, with its own result", async () => {
  const host = new Host();
  const waits = [held(), held(), held()];
  const [f] = host.gate({
    params: ["i32"],
    result: "i32",
    attempt: (at: number) => pend(host, after(waits[at] ?? assert.fail(), at + 10)),
  });
  const order: unknown[] = [];
  const guest = guestOf(f, ["i32"], "i32");
  const calls = waits.map((_, at) => guest(at).then((value) => order.push(value)));
  assert.equal(host.task.isAwaited, true);
  for (const at of [2, 0, 1]) waits[at]?.signal.notify();
  await Promise.all(calls);
  assert.deepEqual(order, [12, 10, 11]);
  assert.equal(host.task.isAwaited, false);
  // Their places are used again.
  const again = guest(1);
  waits[1]?.signal.notify();
  assert.equal(await again, 11);
  assert.equal(host.task.renew(), true);
});

test("a call that waits and fails throws at the guest", async () => {
  const host = new Host();
  const readiness = held();
  const [f] = host.gate({
    result: "i64",
    attempt: () => BigInt(pend(host, after(readiness, 0n))),
  });
  const called = assert.rejects(guestOf(f, [], "i64")(), /over/);
  host.task.end(new Error("over"));
  await called;
});

test("what a call throws is what the guest gets, and is told of before", async () => {
  const error = new Error("no");
  const thrown = (host: Host): Call | undefined =>
    host.gate({
      result: "i32",
      attempt: () => {
        throw error;
      },
    })[0];
  const host = new Host();
  assert.throws(() => thrown(host)?.(), error);
  assert.equal(host.failures, 1);
  await assert.rejects(guestOf(thrown(host), [], "i32")(), error);
  assert.equal(host.failures, 2);

  const readiness = held();
  const [f] = host.gate({
    result: "i32",
    attempt: () => pend(host, failing(readiness, error)),
  });
  const called = assert.rejects(guestOf(f, [], "i32")(), error);
  assert.equal(host.failures, 2);
  readiness.signal.notify();
  await called;
  assert.equal(host.failures, 3);

  const [good] = host.gate({ result: "i32", attempt: () => 5 });
  assert.equal(await guestOf(good, [], "i32")(), 5);
  assert.equal(host.failures, 3);
});

test("a call that waits where nobody can be suspended", () => {
  const host = new Host();
  const [f] = host.gate({ attempt: () => pend(host, after(held(), 0)) });
  assert.throws(() => f?.(), /suspend/i);
});

test("a result that is there does not suspend the guest", async () => {
  const host = new Host();
  const order: string[] = [];
  const [f] = host.gate({ result: "i32", attempt: () => order.push("attempt") });
  const guest = guestOf(f, [], "i32");
  void Promise.resolve().then(() => order.push("microtask"));
  const both = [guest(), guest()];
  order.push("called");
  assert.deepEqual(await Promise.all(both), [1, 2]);
  assert.deepEqual(order, ["attempt", "attempt", "called", "microtask"]);
});

test("D7 a call that has to give way is made again after a turn, with the same parameters, and its result delivered", async () => {
  for (const result of RESULTS) {
    for (const boxed of result ? [false, true] : [false]) {
      if (!boxed && (result === "f32" || result === "f64")) continue;
      for (const value of result ? VALUES[result] : [undefined]) {
        // Only a boxed one may be what WAIT is.
        if (!boxed && Number(value) === WAIT) continue;
        const host = new Host();
        const seen: unknown[] = [];
        const attempt = (...args: unknown[]): CoreValue | undefined => {
          seen.push(args);
          if (host.task.mustGiveWay()) {
            const wait = host.task.pendRetry(attempt, args);
            return result === "i64" && !boxed ? BigInt(wait) : wait;
          }
          host.task.boxed = value;
          return boxed ? 0 : value;
        };
        const [f] = host.gate({ params: ["i32", "length"], result, boxed, attempt });
        host.spend();
        const called = guestOf(f, ["i32", "i64"], result)(-7, 9n);
        assert.deepEqual([host.loop.turns, seen], [1, [[-7, 9]]]);
        host.loop.release();
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        assert.equal(await called, value, `${result} ${value}`);
        assert.deepEqual(
          [host.loop.turns, seen],
          [
            1,
            [
              [-7, 9],
              [-7, 9],
            ],
          ],
        );
      }
    }
  }
});

test("a call that has given way may have to wait then", async () => {
  const host = new Host();
  const readiness = held();
  const attempt = (): number =>
    host.task.mustGiveWay() ? host.task.pendRetry(attempt, []) : pend(host, after(readiness, 5));
  const [f] = host.gate({ result: "i32", attempt });
  host.spend();
  const called = guestOf(f, [], "i32")();
  assert.equal(readiness.signal.watchers, 0);
  host.loop.release();
  while (readiness.signal.watchers === 0) {
    // oxlint-disable-next-line no-await-in-loop -- until it waits
    await Promise.resolve();
  }
  readiness.signal.notify();
  assert.equal(await called, 5);
});

test("a guest that is ended while it gives way calls nobody again", async () => {
  const host = new Host();
  let calls = 0;
  const attempt = (): number => (calls++, host.task.mustGiveWay() ? host.task.pendRetry(attempt, []) : 0);
  const [f] = host.gate({ attempt });
  host.spend();
  const called = assert.rejects(guestOf(f, [], undefined)(), /over/);
  host.task.end(new Error("over"));
  host.loop.release();
  await called;
  assert.equal(calls, 1);
});

test("a call that fails after it has given way throws at the guest", async () => {
  const host = new Host();
  const attempt = (): number => {
    if (host.task.mustGiveWay()) return host.task.pendRetry(attempt, []);
    throw new Error("no");
  };
  const [f] = host.gate({ attempt });
  host.spend();
  const called = assert.rejects(guestOf(f, [], undefined)(), /no/);
  host.loop.release();
  await called;
});
