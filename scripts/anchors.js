/**
 * The anchor of a heading, as GitHub makes it: lower case, without punctuation, spaces to hyphens.
 *
 * @param {string} title
 * @param {Set<string>} taken Those that the document has so far, to which this one is added.
 */
export function anchorOf(title, taken) {
  const slug = title
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
    .replaceAll(/\s/g, "-");
  let anchor = slug;
  for (let again = 1; taken.has(anchor); again++) anchor = `${slug}-${again}`;
  taken.add(anchor);
  return anchor;
}
