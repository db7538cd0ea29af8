/** Elements in one expression. */

type Child = Node | string | false | undefined;

interface Properties {
  readonly class?: string;
  readonly id?: string;
  /** Attributes by their names: `true` is one without a value, `false` is none. */
  readonly attributes?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly on?: Partial<{ readonly [K in keyof HTMLElementEventMap]: (event: HTMLElementEventMap[K]) => void }>;
}

export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  properties: Properties = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  if (properties.class !== undefined) element.className = properties.class;
  if (properties.id !== undefined) element.id = properties.id;
  for (const [name, value] of Object.entries(properties.attributes ?? {})) setAttribute(element, name, value);
  for (const [type, listener] of Object.entries(properties.on ?? {})) {
    // The types of `on` say that they belong together.
    element.addEventListener(type, listener as EventListener);
  }
  element.append(...children.filter((child) => child !== false && child !== undefined));
  return element;
}

export function setAttribute(element: Element, name: string, value: string | number | boolean | undefined): void {
  if (value === undefined || value === false) element.removeAttribute(name);
  else element.setAttribute(name, value === true ? "" : String(value));
}

/** Sets text only where it differs, so that nothing is laid out for nothing. */
export function setText(node: Node, text: string): void {
  if (node.textContent !== text) node.textContent = text;
}

/** An element that the page has from the start. */
export function byId(id: string): HTMLElement {
  const element = document.getElementById(id);
  if (!element) throw new Error(`The page has no #${id}`);
  return element;
}

/** Says something to those who listen to the page. */
export function announce(text: string): void {
  setText(byId("announce"), text);
}

/**
 * Puts other elements in the place of what had the focus without losing it: what is called the same has it then.
 *
 * @param otherwise Who has it if nothing is.
 */
export function keepFocus(root: HTMLElement, rebuild: () => void, otherwise: () => HTMLElement | null): void {
  const held = root.contains(document.activeElement) ? document.activeElement : null;
  const called = held && nameOf(held);
  rebuild();
  if (!held || held.isConnected) return;
  const all = [...root.querySelectorAll<HTMLElement>("a, button, input, summary")];
  (all.find((one) => nameOf(one) === called && one.checkVisibility()) ?? otherwise())?.focus();
}

function nameOf(element: Element): string {
  return element.ariaLabel ?? element.textContent ?? "";
}
