/** Small pictures, in the colour of the text around them. */

const PATHS = {
  /** A gate that is let down, and one that is drawn up. */
  down: "M4 20h16M12 3v11m-5-5 5 5 5-5",
  up: "M4 4h16M12 21V10m-5 5 5-5 5 5",
  drop: "M12 3c4 5.5 6 8.4 6 11.5a6 6 0 0 1-12 0C6 11.4 8 8.5 12 3z",
  keys: "M3 7h18v10H3zM7 10.5h.01M11 10.5h.01M15 10.5h.01M8 14h8",
  screen: "M3 5h18v12H3zM8 21h8M7 9l3 2.5L7 14m5 0h4",
  /** There and back. */
  asks: "M3 8h16m-4-4 4 4-4 4M21 16H5m4-4-4 4 4 4",
} as const;

export type IconName = keyof typeof PATHS;

export function icon(name: IconName): SVGElement {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.classList.add("icon");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}
