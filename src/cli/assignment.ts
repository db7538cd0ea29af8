/** `NAME` and `VALUE` of `NAME=VALUE`. */
export function splitAssignment(text: string): [name: string, value?: string] {
  const at = text.indexOf("=");
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}
