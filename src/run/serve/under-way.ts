/** Requests that a server has begun. */
import { deferred, type Deferred } from "../../io/deferred.ts";
import type { Listed } from "../../io/roster.ts";
import type { HttpRequest } from "../../wasi/http/exchange.ts";
import type { Exchange } from "./answering.ts";

/** Whose requests they are. */
export interface Owner {
  /** Something went wrong of one whose response has been given. */
  tell(error: unknown, request: HttpRequest): void;
  /** Nothing of it is left. */
  end(one: RequestUnderWay): void;
}

/** A request from when it has its turn until it is answered, and all of it delivered. */
export class RequestUnderWay implements Exchange, Listed {
  place = -1;
  readonly request: HttpRequest;
  readonly resolve: Exchange["resolve"];
  readonly reject: Exchange["reject"];
  readonly #owner: Owner;
  #isOver: Deferred<void> | undefined;

  constructor(owner: Owner, request: HttpRequest, resolve: Exchange["resolve"], reject: Exchange["reject"]) {
    this.#owner = owner;
    this.request = request;
    this.resolve = resolve;
    this.reject = reject;
  }

  late(error: unknown): void {
    this.#owner.tell(error, this.request);
  }

  over(): void {
    this.#owner.end(this);
    this.#isOver?.resolve();
  }

  /** Resolves when nothing of it is left. */
  untilOver(): Promise<void> {
    return (this.#isOver ??= deferred()).promise;
  }
}
