/** Text that others chose, such as the names in a component, where a message tells of it. */

/** On one line, where what a terminal obeys, and what hides or turns round other text, is said by its number. */
export function harmless(text: string): string {
  // Controls, formats, and ends of lines and paragraphs; tabs are well known. V8 is long in looking up what these are.
  const obeyed = /(?!\t)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;
  return text.replaceAll(obeyed, (one) => `\\u{${(one.codePointAt(0) ?? 0).toString(16)}}`);
}

/** In quotes, so that it is seen where it ends: it cannot pass for more of the message. */
export function quoted(text: string): string {
  return harmless(JSON.stringify(text));
}

/** At most so many characters of a text, and that there are more. */
export function shortened(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most)}...` : text;
}

/** As `quoted`, of at most so many characters. */
export function excerpt(text: string, most: number): string {
  return quoted(shortened(text, most));
}
