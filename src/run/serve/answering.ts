/** What handlers of every version of `wasi:http` are served with. */
import type { HttpRequest, HttpResponse } from "../../wasi/http/exchange.ts";
import { sizeOf } from "../../wasi/http/fields.ts";
import type { LiftedItem } from "../calls.ts";
import type { Begun } from "../instantiate.ts";
import { afterMs, TimeoutError, type Levels, type Life } from "../life.ts";
import type { Platform } from "../platform.ts";

/** One request, and who waits for its response. */
export interface Exchange {
  readonly request: HttpRequest;
  readonly resolve: (response: HttpResponse) => void;
  readonly reject: (reason: unknown) => void;
  /** Told of what goes wrong when the response has been given. */
  late(error: unknown): void;
  /** Called once, last: nothing of it is left. */
  over(): void;
}

/** What answers requests with instances of one component. */
export interface Answering {
  /** Never throws: whoever waits hears of what goes wrong. */
  answer(exchange: Exchange): void;
  /** What the outputs of the instances that answer now are doing. Missing where they have threads of their own. */
  levels?(): readonly Levels[];
  /** Nothing is under way any more, and no instance is to be left. Never rejects. */
  close(): Promise<void>;
}

/** The time of one request, until what the guest wrote is delivered. @returns What to call then. */
export function limitTime({ monotonicClock }: Platform, life: Life, timeout: number | undefined): () => void {
  if (timeout === undefined) return unlimited;
  return afterMs(monotonicClock, timeout, () => life.abort(new TimeoutError(timeout)));
}

function unlimited(): void {}

/** Whether a guest can be given its fields. */
export function fits({ headers }: HttpRequest, { world }: Life): boolean {
  return sizeOf(headers) <= world.limits.fieldBytes;
}

/** The `handle` of what an instance exports by this name. Nothing if it is not the component's own. */
export function ownHandle({ linked }: Begun, name: string): LiftedItem | undefined {
  const item = linked?.compiled.plan.exports.get(name);
  const handle = item?.sort === "instance" ? item.instance.exports.get("handle") : undefined;
  return handle?.sort === "func" && handle.func.is === "lifted" ? handle.func : undefined;
}
