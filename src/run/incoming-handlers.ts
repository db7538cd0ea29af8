/** Components that answer requests by `wasi:http/incoming-handler` 0.2: one at a time in one instance. */
import { INCOMING_REQUEST, Incoming, RESPONSE_OUTPARAM, type Outgoing, type Outparam } from "../bind/http/types.ts";
import { HttpError } from "../wasi/http/error-code.ts";
import type { HttpRequest, HttpResponse } from "../wasi/http/exchange.ts";
import { sendable } from "../wasi/http/fields.ts";
import type { OutgoingResponse } from "../wasi/http/message.ts";
import type { OutgoingBody } from "../wasi/http/outgoing-body.ts";
import { fits, limitTime, type Answering, type Exchange } from "./answering.ts";
import type { Begun } from "./instantiate.ts";
import { HeldResource } from "./js-resources.ts";
import type { Life } from "./life.ts";
import type { Platform } from "./platform.ts";
import { Pool, type Making, type Ready } from "./pool.ts";
import { refuse } from "./refusals.ts";

type Handle = (request: HeldResource, out: HeldResource) => Promise<unknown>;

export class IncomingHandlers implements Answering {
  readonly #platform: Platform;
  readonly #pool: Pool<Handle>;
  readonly #timeout: number | undefined;

  /** @param name Of the interface that is exported. */
  constructor(platform: Platform, making: Omit<Making<Handle>, "handlerOf">, name: string) {
    this.#platform = platform;
    this.#timeout = making.timeout;
    // What an instance exports under this name, with these parameters.
    const handlerOf = ({ running }: Begun): Handle => (running.exports[name] as { readonly handle: Handle }).handle;
    this.#pool = new Pool(platform, { ...making, handlerOf });
  }

  close(): Promise<void> {
    return this.#pool.close();
  }

  async answer({ request, resolve, reject, late }: Exchange): Promise<void> {
    let ready: Ready<Handle> | undefined;
    let stopTimer: () => void = () => {};
    let isAnswered = false;
    let body: OutgoingBody | undefined;
    let response: HttpResponse | undefined;
    const give = (): void => {
      if (response) resolve(response);
      response = undefined;
    };
    try {
      const taken = this.#pool.take();
      ready = taken instanceof Promise ? await taken : taken;
      const { life } = ready.begun;
      stopTimer = limitTime(this.#platform, life, this.#timeout);
      if (!fits(request, life)) {
        resolve(refuse(request, 431));
        await this.#pool.giveBack(ready);
        stopTimer();
        return;
      }
      const notAnswered = (): void =>
        reject(new HttpError({ tag: "internal-error", val: undefined }, "the guest returned without a response"));
      // One that is over has a reason, which is told.
      const dropped = (): void => (life.task.isEnded ? undefined : notAnswered());
      const outparam: Outparam = (answer) => {
        isAnswered = true;
        if ("error" in answer) reject(new HttpError(answer.error));
        else {
          ({ body } = answer.response);
          response = responseOf(answer.response);
          void suspendedOrLeft().then(give);
        }
      };
      await ready.handle(...resourcesFor(life, request, outparam, dropped));
      if (!isAnswered) notAnswered();
      // Nobody will finish it any more.
      body?.drop();
      give();
      await this.#pool.giveBack(ready);
    } catch (error) {
      give();
      if (isAnswered) late(error);
      else reject(error);
      request.body?.source.close();
      // It is over, and what it leaves has been told.
      await ready?.begun.life.close().catch(() => {});
    }
    stopTimer();
  }
}

/**
 * Resolves when the guest that runs now is suspended, or has left and that is known. Nothing of a response is sent before:
 * what becomes of its body in one go decides what is sent. What a guest leaves by is two microtasks on its way.
 */
function suspendedOrLeft(): Promise<void> {
  return Promise.resolve().then(ignore).then(ignore);
}

function ignore(): void {}

/** What a guest is called with: from then on they are its own. */
function resourcesFor(
  { instance }: Life,
  request: HttpRequest,
  outparam: Outparam,
  dropped: () => void,
): [HeldResource, HeldResource] {
  const { resources } = instance;
  const incoming = new Incoming(request);
  return [
    new HeldResource(
      resources.add(INCOMING_REQUEST, incoming, () => incoming.drop()),
      true,
    ),
    new HeldResource(resources.add(RESPONSE_OUTPARAM, outparam, dropped), true),
  ];
}

function responseOf({ message, body }: Outgoing<OutgoingResponse>): HttpResponse {
  return { status: message.status, headers: sendable(message.headers.all()), body: body?.body };
}
