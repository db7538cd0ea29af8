/** An embedder's streams between the call that they were given to and the moment in which they are opened. */
import { hasMethods, isObject } from "../../io/shape.ts";

interface Lock {
  releaseLock(): void;
}

/** As Node's streams are. */
interface Emitter {
  on(event: "error", listener: () => void): void;
  off(event: "error", listener: () => void): void;
}

const locks = new WeakMap<object, Lock>();

/** Ends what `whileHeld` does to a Web stream: for who opens it, at once after this. */
export function letGo(stream: object): void {
  locks.get(stream)?.releaseLock();
  locks.delete(stream);
}

/**
 * Has the standard streams among `options` be held from now on, until they are opened by what `begin` does: those of the Web are
 * locked, so that nobody else has them, and one of Node's that fails ends no process, but is found so when it is opened. Those
 * that are not opened until that has ended are then as they were.
 *
 * @throws {TypeError} If one of them is locked already.
 */
export async function whileHeld<T>(options: unknown, begin: () => Promise<T>): Promise<T> {
  const releases: (() => void)[] = [];
  try {
    // What are no options is refused by who knows what they are.
    if (isObject(options)) {
      for (const name of ["stdin", "stdout", "stderr"]) releases.push(hold(options[name], name));
    }
    return await begin();
  } finally {
    for (const release of releases) release();
  }
}

/** By what it has: Node loads its Web streams, 2 ms, when they are named. */
function hold(stream: unknown, name: string): () => void {
  if (hasMethods<Emitter>(stream, "on", "off")) {
    stream.on("error", ignore);
    return () => stream.off("error", ignore);
  }
  if (!isObject(stream) || typeof stream["locked"] !== "boolean") return ignore;
  if (stream["locked"]) throw new TypeError(`${name} must be a stream that is not locked: somebody else has this one`);
  if (hasMethods<{ getReader(): Lock }>(stream, "getReader")) locks.set(stream, stream.getReader());
  else if (hasMethods<{ getWriter(): Lock }>(stream, "getWriter")) locks.set(stream, stream.getWriter());
  return () => letGo(stream);
}

function ignore(): void {}
