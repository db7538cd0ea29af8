/** A request of 0.2 and what becomes of it: the guest answers, and then may go on. */
import type { Entry } from "../../abi/resources.ts";
import { INCOMING_REQUEST, Incoming, RESPONSE_OUTPARAM, type Outgoing, type Outparam } from "../../bind/http/types.ts";
import { HttpError } from "../../wasi/http/error-code.ts";
import type { HttpResponse } from "../../wasi/http/exchange.ts";
import { sendable } from "../../wasi/http/fields.ts";
import type { OutgoingResponse } from "../../wasi/http/message.ts";
import type { OutgoingBody } from "../../wasi/http/outgoing-body.ts";
import { HeldResource } from "../embed/js-resources.ts";
import type { Life } from "../life.ts";
import type { Exchange } from "./answering.ts";

/** A request that a guest has been given. */
export class Asked {
  readonly #exchange: Exchange;
  readonly #life: Life;
  /** Whether the guest has what it is to answer by. */
  #isGiven = false;
  #isAnswered = false;
  #body: OutgoingBody | undefined;
  /** What the guest has answered, until it is told. */
  #response: HttpResponse | undefined;

  constructor(exchange: Exchange, life: Life) {
    this.#exchange = exchange;
    this.#life = life;
  }

  /** What a guest is called with: from then on they are its own. */
  entries(): [Entry, Entry] {
    const { resources } = this.#life.instance;
    const incoming = new Incoming(this.#exchange.request);
    const outparam: Outparam = (answer) => this.#answered(answer);
    const request = resources.add(INCOMING_REQUEST, incoming, incoming);
    const out = resources.add(RESPONSE_OUTPARAM, outparam, this);
    this.#isGiven = true;
    return [request, out];
  }

  /** As `entries`, as JavaScript has them. */
  resources(): [HeldResource, HeldResource] {
    const [request, out] = this.entries();
    return [new HeldResource(request, true), new HeldResource(out, true)];
  }

  /** The guest cannot answer any more. One that is over has a reason, which is told. */
  drop(): void {
    if (this.#isGiven && !this.#life.task.isEnded) this.#notAnswered();
  }

  /** The guest has returned. */
  left(): void {
    if (!this.#isAnswered) this.#notAnswered();
    // Nobody will finish it any more.
    this.#body?.drop();
    this.give();
  }

  /** All that the guest wrote is delivered, or is not going to be. */
  tellEnd(): void {
    const end = this.#body?.end;
    if (end?.tag === "failed") this.#exchange.late(end.cause);
  }

  /** The guest is over, or its streams are not as they should be. */
  failed(error: unknown): void {
    this.give();
    if (this.#isAnswered) this.#exchange.late(error);
    else this.#exchange.reject(error);
  }

  #answered(answer: Parameters<Outparam>[0]): void {
    this.#isAnswered = true;
    if ("error" in answer) this.#exchange.reject(new HttpError(answer.error));
    else {
      this.#body = answer.response.body;
      this.#response = responseOf(answer.response);
      giveSoon(this);
    }
  }

  /** Tells what the guest has answered, unless that is told. */
  give(): void {
    if (this.#response) this.#exchange.resolve(this.#response);
    this.#response = undefined;
  }

  #notAnswered(): void {
    this.#exchange.reject(
      new HttpError({ tag: "internal-error", val: undefined }, "the guest returned without a response"),
    );
  }
}

/** Whose guests have answered, and have not been seen to be suspended, or to have left. */
let answered: Asked[] = [];

/**
 * Gives what was answered when the guest that runs now is suspended, or has left and that is known. Nothing of a response is
 * sent before: what becomes of its body in one go decides what is sent. What a guest leaves by is two microtasks on its way,
 * and all that run in one go are waited for together.
 */
function giveSoon(asked: Asked): void {
  if (answered.push(asked) === 1) void NOW.then(giveAll);
}

function giveAll(): void {
  const all = answered;
  answered = [];
  void NOW.then(ignore).then(() => {
    for (const asked of all) asked.give();
  });
}

const NOW = Promise.resolve();

function ignore(): void {}

function responseOf({ message, body }: Outgoing<OutgoingResponse>): HttpResponse {
  return { status: message.status, headers: sendable(message.headers.all()), body: body?.body };
}
