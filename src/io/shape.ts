/** What something is that came from elsewhere, as far as that can be seen. */

/** Whether it has members to look up: an array has, a function does not count. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

/** Whether it is an object on which all of these are functions: what they do is seen when they are called. */
export function hasMethods<T>(value: unknown, ...methods: readonly (keyof T & string)[]): value is T {
  return isObject(value) && methods.every((method) => typeof value[method] === "function");
}
