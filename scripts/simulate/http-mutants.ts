/** Faults of what carries requests, put in on purpose. */
import { HttpError } from "../../src/wasi/http/error-code.ts";
import type { HttpBody } from "../../src/wasi/http/exchange.ts";
import { carrying } from "./http.ts";
import type { Mutant } from "./mutants.ts";

type Change = (body: HttpBody) => HttpBody;

/** A client that has another body of each response in the place of what came. */
function client(name: string, change: Change): Mutant {
  return mutant(name, () => {
    const original = carrying.client;
    carrying.client = (given) => ({
      async send(request, signal) {
        const response = await given.send(request, signal);
        return { ...response, body: response.body && change(response.body) };
      },
    });
    return () => void (carrying.client = original);
  });
}

/** A server that gives its handler another body of each request. */
function server(name: string, change: Change): Mutant {
  return mutant(name, () => {
    const original = carrying.answer;
    carrying.answer = (answer) => (request) => answer({ ...request, body: request.body && change(request.body) });
    return () => void (carrying.answer = original);
  });
}

function mutant(name: string, insert: Mutant["insert"]): Mutant {
  return { name, insert };
}

/** It has the methods of another, but for some. */
function withSource(body: HttpBody, changed: Partial<HttpBody["source"]>): HttpBody {
  const { source } = body;
  return {
    length: body.length,
    trailers: () => body.trailers(),
    source: {
      read: (max) => source.read(max),
      ready: () => source.ready(),
      watch: (waker) => source.watch(waker),
      unwatch: (waker) => source.unwatch(waker),
      close: () => source.close(),
      ...changed,
    },
  };
}

/** What is cut ends as if it were whole. */
const wholeIfCut: Change = (body) =>
  withSource(body, {
    read(max) {
      try {
        return body.source.read(max);
      } catch {
        return null;
      }
    },
  });

const losing: Change = (body) =>
  withSource(body, {
    read: (max) => {
      const bytes = body.source.read(max);
      return bytes && bytes.length > 1 ? bytes.subarray(1) : bytes;
    },
  });

export const HTTP_MUTANTS: readonly Mutant[] = [
  client("a client that takes a response that was cut for whole", (body) => ({
    ...wholeIfCut(body),
    trailers: () => body.trailers().catch(() => undefined),
  })),
  server("a server that takes a request that was cut for whole", (body) => ({
    ...wholeIfCut(body),
    trailers: () => body.trailers().catch(() => undefined),
  })),
  client("a client that loses bytes", losing),
  server("a server that loses bytes", losing),
  client("a client that loses what comes after a body", (body) => ({
    ...withSource(body, {}),
    trailers: () => Promise.resolve(undefined),
  })),
  client("a client that fails for no reason", (body) =>
    withSource(body, {
      read: (max) => {
        if (max > 0) throw new HttpError({ tag: "internal-error", val: undefined }, "for no reason");
        return body.source.read(max);
      },
    }),
  ),
];
