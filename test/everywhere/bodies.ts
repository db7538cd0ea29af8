import { closedSource, BytesSource } from "../../src/io/memory.ts";
import type { Source } from "../../src/io/ports.ts";
import { changed } from "../../src/io/steps.ts";
import type { HttpBody } from "../../src/wasi/http/exchange.ts";
import { textOf } from "./check.ts";

/** So many bytes. */
export function bytesOf(length: number): Source {
  return new BytesSource(new Uint8Array(length).fill(0x78));
}

/** All that is left of a body, as text. */
export async function rest(body: HttpBody | undefined): Promise<string> {
  const source = body?.source ?? closedSource();
  const chunks: Uint8Array[] = [];
  for (let bytes; (bytes = source.read(65_536)) !== null;) {
    // oxlint-disable-next-line no-await-in-loop -- each round waits for the source
    if (bytes.length === 0) await changed(source);
    else chunks.push(bytes.slice());
  }
  return textOf(chunks);
}
