/** Fixtures over our own streams, for the checks of the contract. */
import { InputStream } from "../../src/io/input-stream.ts";
import { Outlet } from "../../src/io/outlet.ts";
import { OutputStream } from "../../src/io/output-stream.ts";
import type { PermitMode } from "../../src/io/permit.ts";
import type { Sink, Source } from "../../src/io/ports.ts";
import {
  FaultySink,
  FaultySource,
  inputIntoSubject,
  inputSubject,
  outputSubject,
  type InputFixture,
  type OutputFixture,
  type SinkFaults,
  type SourceFaults,
  type Turn,
} from "../../src/testing/index.ts";

export type LiveInput = InputFixture & Required<Pick<InputFixture, "supply" | "supplyLater" | "end" | "fail">>;

/** The host's event loop gets a turn: timers that are due, then input and output. */
export const turn: Turn = () => new Promise((resolve) => setImmediate(resolve));

export function inputOf(source: Source): Pick<InputFixture, "stream"> {
  return { stream: inputSubject(new InputStream(source)) };
}

/** As guests of WASI 0.3 read it. */
export function inputIntoOf(source: Source): Pick<InputFixture, "stream"> {
  return { stream: inputIntoSubject(new InputStream(source)) };
}

/** What a source is read by, by the version of WASI. */
export const READ_BY = { "0.2": inputOf, "0.3": inputIntoOf } as const;

export function outputOf(sink: Sink, limitBytes?: number, permits?: PermitMode): Pick<OutputFixture, "stream"> {
  return { stream: outputSubject(new OutputStream(new Outlet(sink, limitBytes), permits)) };
}

/** Our input stream over a source in memory. */
export function memoryInput(faults: SourceFaults = {}, read = inputOf): LiveInput {
  const source = new FaultySource(undefined, faults);
  return {
    ...read(source),
    supply: (bytes) => source.supply(bytes),
    supplyLater: (bytes) => source.supply(bytes),
    end: () => source.end(),
    fail: () => source.fail(new Error("the other side failed")),
  };
}

/** Our output stream over a sink in memory. */
export function memoryOutput(limitBytes?: number, faults: SinkFaults = {}, permits?: PermitMode): OutputFixture {
  const sink = new FaultySink(faults);
  return {
    ...outputOf(sink, limitBytes, permits),
    arrived: () => sink.bytes(),
    stall: () => sink.stall(),
    release: () => sink.release(),
    fail: () => sink.fail(new Error("the other side failed")),
    leave: () => sink.leave(),
    input: () => memoryInput(),
  };
}
