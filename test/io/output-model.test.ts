/** The output stream over a sink that stalls, drains, fails and closes: all short sequences against a model. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Outlet } from "../../src/io/outlet.ts";
import { OutputStream } from "../../src/io/output-stream.ts";
import type { PermitMode } from "../../src/io/permit.ts";
import { FaultySink } from "../../src/testing/index.ts";
import { outcomeOf, sequences } from "./play.ts";

// Hundreds of thousands of errors are made here, and thrown away.
Error.stackTraceLimit = 0;

const LIMIT_BYTES = 3;
const OPERATIONS = ["check", "write:1", "write:over", "flush", "drain:2", "fail", "close"] as const;
type Operation = (typeof OPERATIONS)[number];

/** The contract once more, from the text and not from the code. */
class Model {
  readonly mode: PermitMode;
  permit = 0;
  held = 0;
  arrived = 0;
  flushing = false;
  /** Bytes that the sink would take at once. */
  open = 0;
  /** What is wrong with the sink, and whether the stream knows. */
  broken: "failed" | "closed" | undefined;
  known = false;
  told = false;

  constructor(mode: PermitMode) {
    this.mode = mode;
  }

  get ready(): boolean {
    return this.known || (!this.flushing && this.held < LIMIT_BYTES);
  }

  play(operation: Operation): unknown {
    switch (operation) {
      case "check":
        return this.error() ?? (this.permit = this.flushing ? 0 : LIMIT_BYTES - this.held);
      case "write:1":
        return this.write(1);
      case "write:over":
        return this.write(this.permit + 1);
      case "flush":
        return this.error() ?? this.flush();
      case "drain:2":
        this.open = 2;
        this.move();
        return "ok";
      default:
        this.broken ??= operation === "fail" ? "failed" : "closed";
        // It notices only while it has to do with the sink.
        if (this.held > 0 || this.flushing) this.notice();
        return "ok";
    }
  }

  write(bytes: number): unknown {
    const error = this.error();
    if (error !== undefined) return error;
    if (this.flushing || bytes > this.permit) return "trap";
    this.permit = this.mode === "strict" ? 0 : this.permit - bytes;
    const offered = this.held === 0;
    this.held += bytes;
    if (offered && this.broken) this.notice();
    else this.move();
    return this.error() ?? "ok";
  }

  flush(): unknown {
    this.permit = 0;
    this.flushing = true;
    if (this.broken) this.notice();
    this.move();
    return this.error() ?? "ok";
  }

  /** Whatever can leave, leaves. */
  move(): void {
    if (this.broken) return;
    const leaving = Math.min(this.held, this.open);
    this.held -= leaving;
    this.open -= leaving;
    this.arrived += leaving;
    if (this.held === 0) this.flushing = false;
  }

  notice(): void {
    this.known = true;
    [this.permit, this.held, this.flushing] = [0, 0, false];
  }

  error(): string | undefined {
    if (!this.known) return undefined;
    const tell = this.told ? "closed" : this.broken;
    this.told = true;
    return tell;
  }
}

function apply(output: OutputStream, sink: FaultySink, operation: Operation, permit: number): unknown {
  switch (operation) {
    case "check":
      return output.checkWrite();
    case "write:1":
      return output.write(new Uint8Array(1));
    case "write:over":
      return output.write(new Uint8Array(permit + 1));
    case "flush":
      return output.flush();
    case "drain:2":
      return sink.release(2);
    case "fail":
      return sink.fail(new Error("broken"));
    case "close":
      return sink.leave();
  }
}

for (const mode of ["strict", "budget"] as const) {
  test(`all sequences of 6 operations, ${mode}`, () => {
    for (const sequence of sequences(OPERATIONS, 6)) {
      const sink = new FaultySink({ stallAt: 0 });
      const outlet = new Outlet(sink, LIMIT_BYTES);
      const output = new OutputStream(outlet, mode);
      const model = new Model(mode);
      for (const operation of sequence) {
        const { permit } = model;
        const expected = model.play(operation);
        const actual = outcomeOf(() => apply(output, sink, operation, permit));
        if (actual === "trap" && expected === "trap") break;
        const seen = [actual, output.ready(), outlet.bufferedBytes, sink.bytes().length, sink.watchers];
        const watching = model.held > 0 || model.flushing ? 1 : 0;
        const meant = [expected, model.ready, model.held, model.arrived, watching];
        if (seen.join() !== meant.join()) assert.deepEqual(seen, meant, `${operation} in ${sequence.join(" ")}`);
        assert.ok(outlet.bufferedBytes <= LIMIT_BYTES);
      }
    }
  });
}
