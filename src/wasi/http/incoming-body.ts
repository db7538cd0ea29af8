import type { Source } from "../../io/ports.ts";
import { changed } from "../../io/steps.ts";
import { errorCodeOf, type HttpErrorCode } from "./error-code.ts";
import type { HttpBody } from "./exchange.ts";
import { permittedFields, type Field } from "./fields.ts";
import { Future } from "./future.ts";
import type { Side } from "./outgoing-body.ts";

/** Skipped at a time. */
const SKIP_BYTES = 64 * 1024;
/** Skipped before others have their turn: a mebibyte, or as often nothing. */
const PIECES_PER_TURN = 16;

/** What comes after a body, if anything does; or why it never will. */
export type Trailers =
  | { readonly tag: "ok"; readonly val: readonly Field[] | undefined }
  | { readonly tag: "err"; readonly val: HttpErrorCode };

/**
 * A body that a guest reads.
 *
 * @see WASI 0.2 `wasi:http/types` `incoming-body`
 */
export class IncomingBody {
  readonly source: Source;
  readonly #body: HttpBody;
  readonly #side: Side;
  #isRead = false;
  #isFinished = false;

  constructor(side: Side, body: HttpBody) {
    this.#side = side;
    this.#body = body;
    this.source = body.source;
  }

  /** Whether nobody has asked for its stream before; once. */
  takeStream(): boolean {
    const isFirst = !this.#isRead;
    this.#isRead = true;
    return isFirst;
  }

  /**
   * Nobody reads on: what is left is skipped, for what comes after it.
   *
   * @param giveWay Lets others have their turn: a source may go on for ever.
   */
  finish(giveWay: () => Promise<void>): FutureTrailers {
    this.#isFinished = true;
    return new FutureTrailers(this.#side, this.#body, giveWay);
  }

  drop(): void {
    if (!this.#isFinished) this.source.close();
  }
}

/** @see WASI 0.2 `wasi:http/types` `future-trailers` */
export class FutureTrailers extends Future<Trailers> {
  readonly side: Side;
  readonly #source: Source;
  #isDropped = false;

  constructor(side: Side, body: HttpBody, giveWay: () => Promise<void>) {
    super();
    this.side = side;
    this.#source = body.source;
    void this.#settle(body, giveWay);
  }

  drop(): void {
    this.#isDropped = true;
    this.#source.close();
  }

  async #settle(body: HttpBody, giveWay: () => Promise<void>): Promise<void> {
    try {
      let pieces = 0;
      for (let bytes; !this.#isDropped && (bytes = body.source.read(SKIP_BYTES)) !== null;) {
        // oxlint-disable-next-line no-await-in-loop -- each round waits for the source
        if (bytes.length === 0) await changed(body.source);
        // oxlint-disable-next-line no-await-in-loop -- as above
        if (++pieces % PIECES_PER_TURN === 0) await giveWay();
      }
      const fields = this.#isDropped ? undefined : await body.trailers();
      this.settle({ tag: "ok", val: fields && permittedFields(fields) });
    } catch (cause) {
      this.settle({ tag: "err", val: errorCodeOf(cause) });
    }
  }
}
