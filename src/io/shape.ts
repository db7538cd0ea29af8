/** What something is that came from elsewhere, as far as that can be seen. */

/** Under names, whatever they are. */
export type Members = Readonly<Record<string, unknown>>;

/** Whether it has members to look up: an array has, a function does not count. */
export function isObject(value: unknown): value is Members {
  return typeof value === "object" && value !== null;
}

/**
 * What reading an object sees: its members of these names, and all that it lists, whether they are its own or inherited, and
 * each read once.
 */
export function membersSeen(value: Members, names: readonly string[] = []): Record<string, unknown> {
  const all = new Set(names.filter((name) => name in value));
  // oxlint-disable-next-line guard-for-in -- what is inherited counts
  for (const name in value) all.add(name);
  return Object.fromEntries(Array.from(all, (name) => [name, value[name]]));
}

/** Whether it is a promise, of whatever make and realm: what `await` waits for. Throws nothing, whatever it is. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  try {
    return isObject(value) && typeof value["then"] === "function";
  } catch {
    return false;
  }
}

/** What nobody waits for ends no process if it is a promise that is broken. */
export function unawaited<T>(value: T): T {
  if (isThenable(value)) Promise.resolve(value).catch(() => {});
  return value;
}

/**
 * Whether it is bytes, of whatever realm, such as one that a test runner makes. A proxy of bytes and an object that inherits
 * from them are none.
 */
export function isBytes(value: unknown): value is Uint8Array {
  if (!ArrayBuffer.isView(value)) return false;
  // Those of this realm are known in a quarter of the time: each read of a source is looked at.
  return value instanceof Uint8Array || Reflect.get(value, Symbol.toStringTag) === "Uint8Array";
}

/** Whether it is bytes, at most `most` of them. Throws nothing, whatever it is. */
export function isBytesUpTo(value: unknown, most: number): value is Uint8Array {
  try {
    return isBytes(value) && value.length === value.byteLength && isCount(value.length, most);
  } catch {
    return false;
  }
}

/** Whether it is a number of things, at most `most` of them. */
export function isCount(value: unknown, most: number): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= most;
}

/** Whether it is an object on which all of these are functions: what they do is seen when they are called. */
export function hasMethods<T>(value: unknown, ...methods: readonly (keyof T & string)[]): value is T {
  return isObject(value) && methods.every((method) => typeof value[method] === "function");
}
