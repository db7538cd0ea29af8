/** Bodies as who reads them finds them. */
import assert from "node:assert/strict";
import { changed } from "../../src/io/steps.ts";
import { BodyPipe } from "../../src/wasi/http/body-pipe.ts";
import { HttpError } from "../../src/wasi/http/error-code.ts";
import type { HttpBody } from "../../src/wasi/http/exchange.ts";

/** What a body has, or the code of what it fails of. */
export async function outcomeOf(body: HttpBody | undefined): Promise<string> {
  if (!body) return "none";
  const { source } = body;
  let all = "";
  try {
    for (let bytes; (bytes = source.read(65_536)) !== null;) {
      // oxlint-disable-next-line no-await-in-loop -- until there is something
      if (bytes.length === 0) await changed(source);
      all += Buffer.from(bytes).toString("latin1");
    }
  } catch (error) {
    assert.ok(error instanceof HttpError);
    return error.payload.tag;
  }
  return all;
}

export function newPipe(): BodyPipe {
  return new BodyPipe(65_536, undefined, () => new HttpError({ tag: "HTTP-protocol-error" }));
}

/** One that is there as a whole. */
export function bodyOf(bytes: string): BodyPipe["body"] {
  const pipe = newPipe();
  pipe.sink.write(Buffer.from(bytes, "latin1"));
  pipe.endWith(undefined);
  void pipe.sink.close();
  return pipe.body;
}
