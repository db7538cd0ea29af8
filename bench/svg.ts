/** Charts as SVG, by hand: bars and lines on logarithmic scales, since what we compare differs by powers of ten. */

/** Who has which value. */
export type Values = ReadonlyMap<string, number>;

export interface Bars {
  readonly title: string;
  /** What the scale counts, and which way is better. */
  readonly scale: string;
  readonly categories: readonly { readonly label: string; readonly values: Values }[];
}

export interface Lines {
  readonly title: string;
  readonly across: string;
  readonly up: string;
  readonly series: ReadonlyMap<string, readonly (readonly [x: number, y: number])[]>;
}

const WIDTH = 860;
const FONT = 12;
const BAR = 9;
const GAP = 12;
const LABELS = 290;
const TOP = 66;

/** The colours of lines and bars, light and dark. */
const COLORS: readonly (readonly [light: string, dark: string])[] = [
  ["#1f6feb", "#58a6ff"],
  ["#d1660a", "#f0883e"],
  ["#8250df", "#bc8cff"],
  ["#2c8a3f", "#56d364"],
  ["#6e7781", "#8b949e"],
  ["#bf3989", "#f778ba"],
];

/** Who has the same colour in all charts; others get those that are left. */
const KNOWN: readonly string[] = ["Sluice", "preview2-shim", "Wasmtime", "Node", "C"];

function colorOf(name: string, names: readonly string[]): number {
  if (KNOWN.includes(name)) return KNOWN.indexOf(name);
  const others = names.filter((each) => !KNOWN.includes(each));
  const taken = names.some((each) => KNOWN.includes(each)) ? KNOWN.length : 0;
  return (taken + others.indexOf(name)) % COLORS.length;
}

const STYLE = `<style>
  text { font: ${FONT}px system-ui, sans-serif; fill: #1f2328; }
  .title { font-size: 15px; font-weight: 600; }
  .faint { fill: #59636e; }
  .grid { stroke: #d1d9e0; stroke-width: 1; }
  .paper { fill: #ffffff; }
  polyline { fill: none; stroke-width: 2; }
${COLORS.map(([light], index) => `  .c${index} { fill: ${light}; } .l${index} { stroke: ${light}; }`).join("\n")}
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc; }
    .faint { fill: #9198a1; }
    .grid { stroke: #3d444d; }
    .paper { fill: #0d1117; }
${COLORS.map(([, dark], index) => `    .c${index} { fill: ${dark}; } .l${index} { stroke: ${dark}; }`).join("\n")}
  }
</style>`;

/** Bars to the right, a group for each category. */
export function bars({ title, scale, categories }: Bars): string {
  const names = namesOf(categories.map(({ values }) => values));
  const right = WIDTH - 70;
  const across = logScale(
    categories.flatMap(({ values }) => [...values.values()]),
    LABELS,
    right,
    true,
  );
  const parts: string[] = [];
  let y = TOP;
  for (const { label, values } of categories) {
    const height = values.size * (BAR + 2);
    parts.push(text(LABELS - 8, y + height / 2 + 4, label, 'text-anchor="end"'));
    for (const [name, value] of values) {
      const end = across.at(value);
      const color = colorOf(name, names);
      parts.push(
        `<rect class="c${color}" x="${LABELS}" y="${y}" width="${round(Math.max(1, end - LABELS))}" height="${BAR}"/>`,
      );
      parts.push(text(end + 4, y + BAR, short(value), 'class="faint" style="font-size:10px"'));
      y += BAR + 2;
    }
    y += GAP;
  }
  const grid = across.ticks.map(
    (tick) =>
      `<line class="grid" x1="${round(across.at(tick))}" x2="${round(across.at(tick))}" y1="${TOP - 6}" y2="${y}"/>` +
      text(across.at(tick), y + 16, short(tick), 'class="faint" text-anchor="middle"'),
  );
  return document(title, y + 44, [
    legend(names),
    ...grid,
    ...parts,
    text((LABELS + right) / 2, y + 34, scale, 'class="faint" text-anchor="middle"'),
  ]);
}

/** A line for each contestant. */
export function lines({ title, across, up, series }: Lines): string {
  const [left, right, bottom] = [70, WIDTH - 30, 330];
  const points = [...series.values()].flat();
  const xs = logScale(
    points.map(([x]) => x),
    left,
    right,
    false,
  );
  const ys = logScale(
    points.map(([, y]) => y),
    bottom,
    TOP,
    true,
  );
  const grid = [
    ...ys.ticks.map(
      (tick) =>
        `<line class="grid" x1="${left}" x2="${right}" y1="${round(ys.at(tick))}" y2="${round(ys.at(tick))}"/>` +
        text(left - 6, ys.at(tick) + 4, short(tick), 'class="faint" text-anchor="end"'),
    ),
    ...[...new Set(points.map(([x]) => x))].map((x) =>
      text(xs.at(x), bottom + 18, short(x), 'class="faint" text-anchor="middle"'),
    ),
  ];
  const names = [...series.keys()];
  const drawn = [...series].map(([name, line]) => {
    const color = colorOf(name, names);
    const path = line.map(([x, y]) => `${round(xs.at(x))},${round(ys.at(y))}`);
    const dots = path.map((point) => {
      const [x, y] = point.split(",");
      return `<circle class="c${color}" cx="${String(x)}" cy="${String(y)}" r="3"/>`;
    });
    return `<polyline class="l${color}" points="${path.join(" ")}"/>${dots.join("")}`;
  });
  return document(title, bottom + 50, [
    legend(names),
    ...grid,
    ...drawn,
    text((left + right) / 2, bottom + 40, `${across}; up: ${up}`, 'class="faint" text-anchor="middle"'),
  ]);
}

interface Scale {
  readonly ticks: readonly number[];
  at(value: number): number;
}

/** @param whole Whether it begins and ends at powers of ten. */
function logScale(values: readonly number[], from: number, to: number, whole: boolean): Scale {
  const logs = values.filter((value) => value > 0).map((value) => Math.log10(value));
  const least = Math.min(...logs);
  const most = Math.max(...logs);
  // A bar of the least value is still to be seen.
  const low = whole ? Math.floor(least - 0.05) : least;
  const high = whole ? Math.max(Math.ceil(most), low + 1) : Math.max(most, least + 1);
  return {
    ticks: Array.from({ length: Math.floor(high) - Math.ceil(low) + 1 }, (_, index) => 10 ** (Math.ceil(low) + index)),
    at: (value) => from + ((Math.log10(Math.max(value, 10 ** low)) - low) / (high - low)) * (to - from),
  };
}

function namesOf(all: readonly Values[]): string[] {
  return [...new Set(all.flatMap((values) => [...values.keys()]))];
}

function legend(names: readonly string[]): string {
  let x = 16;
  return names
    .map((name) => {
      const part =
        `<rect class="c${colorOf(name, names)}" x="${x}" y="38" width="10" height="10"/>` + text(x + 14, 47, name);
      x += 32 + name.length * 7;
      return part;
    })
    .join("");
}

function document(title: string, height: number, parts: readonly string[]): string {
  const head = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img">`;
  return [
    head,
    `<title>${escape(title)}</title>`,
    STYLE,
    `<rect class="paper" width="${WIDTH}" height="${height}"/>`,
    text(16, 24, title, 'class="title"'),
    ...parts,
    "</svg>\n",
  ].join("\n");
}

function text(x: number, y: number, content: string, attributes = ""): string {
  return `<text x="${round(x)}" y="${round(y)}"${attributes === "" ? "" : ` ${attributes}`}>${escape(content)}</text>`;
}

function escape(content: string): string {
  return content.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

/** 1234567 as `1.2M`. */
function short(value: number): string {
  for (const [unit, letter] of [
    [1e9, "G"],
    [1e6, "M"],
    [1e3, "k"],
  ] as const) {
    if (value >= unit * 0.9995) return `${Number((value / unit).toPrecision(2))}${letter}`;
  }
  return String(Number(value.toPrecision(value >= 100 ? 3 : 2)));
}
