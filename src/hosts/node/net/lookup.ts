import type { LookupPort } from "../../../wasi/sockets/lookup.ts";

/** The system's resolver, as `getaddrinfo` has it: its hosts file, its order, its addresses. */
export const nodeLookup: LookupPort = {
  lookup(name) {
    return new Promise((resolve, reject) => {
      // "verbatim" is for Node before 22, which does not know the other.
      const options = { all: true, order: "verbatim", verbatim: true } as const;
      process.getBuiltinModule("node:dns").lookup(name, options, (error, addresses) => {
        if (error) reject(error);
        else resolve(addresses.map(({ address }) => address));
      });
    });
  },
};
