// The documentation as pages: what docs/ and the README say, with the links between them.
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join, posix } from "node:path";
import { Marked } from "marked";
import { anchorOf } from "../scripts/anchors.js";
import highlighter from "highlight.js/lib/core";
import bash from "highlight.js/lib/languages/bash";
import typescript from "highlight.js/lib/languages/typescript";
import xml from "highlight.js/lib/languages/xml";

highlighter.registerLanguage("js", typescript);
highlighter.registerLanguage("ts", typescript);
highlighter.registerLanguage("sh", bash);
highlighter.registerLanguage("html", xml);

/** In the order of the menu; those that are not named come after, by name. */
const ORDER = [
  "README.md",
  "docs/embedding.md",
  "docs/browsers.md",
  "docs/runtimes.md",
  "docs/cli.md",
  "docs/components.md",
  "docs/composition.md",
  "docs/async.md",
  "docs/filesystem.md",
  "docs/sockets.md",
  "docs/http.md",
  "docs/jobs.md",
  "docs/job-faults.md",
  "docs/contract.md",
  "docs/limits.md",
  "docs/unsupported.md",
  "docs/preview1.md",
  "docs/jco.md",
  "docs/architecture.md",
  "docs/conformance.md",
  "docs/benchmarks/README.md",
  "docs/benchmarks/results.md",
  "docs/dependencies.md",
  "CONTRIBUTING.md",
  "SECURITY.md",
  "CHANGELOG.md",
];

/** Writes a page for each document into `out`. */
export function buildDocs(root, out) {
  mkdirSync(out, { recursive: true });
  const documents = documentsOf(root);
  const places = new Map(documents.map(({ name, page }) => [name, page]));
  const menu = documents.map(({ page, title }) => ({ page, title: page === "index.html" ? "Start" : title }));
  const sections = [];
  for (const { name, page, title, text } of documents) {
    const body = bodyOf(name, text, places);
    writeFileSync(
      join(out, page),
      pageOf({ title, description: descriptionOf(body), page, menu, body: body + neighboursOf(menu, page) }),
    );
    sections.push(...sectionsOf(body, page, page === "index.html" ? "Start" : title));
  }
  writeFileSync(join(out, "sections.json"), JSON.stringify(sections));
  for (const name of imagesIn(root)) cpSync(join(root, name), join(out, "images", basename(name)));
}

/** Characters of a document that a search engine shows. */
const DESCRIBED = 160;

/** Its first paragraph, as far as whole words of it go. */
function descriptionOf(body) {
  const words = plain(/<p>(.*?)<\/p>/s.exec(body)?.[1] ?? "").replace(/:$/, ".");
  return words.length <= DESCRIBED ? words : `${words.slice(0, DESCRIBED).replace(/\W*\s\S*$/, "")}…`;
}

/** What a server gives where there is nothing, from wherever that is. @param base Where the site is, from the root of its host. */
export function notFoundPage(base) {
  return `${headOf({ base, title: "Not found · Sluice", more: "" })}
</head>
<body>
<header class="top">
${brandOf(base)}
<nav aria-label="Site"><a href="${base}index.html">Playground</a><a href="${base}docs/index.html">Docs</a></nav>
</header>
<main id="text">
<h1>There is nothing here</h1>
<p>What this address led to has moved, or never was. The <a href="${base}docs/index.html">documents</a> can be searched.</p>
</main>
</body>
</html>
`;
}

/** Links to what comes before a page and after it, in the order of the menu. */
function neighboursOf(menu, page) {
  const place = menu.findIndex((item) => item.page === page);
  const link = (item, rel, word) =>
    item ? `<a rel="${rel}" href="${item.page}"><span>${word}</span>${escape(item.title)}</a>\n` : "";
  return (
    '<nav class="neighbours" aria-label="Previous and next">\n' +
    link(menu[place - 1], "prev", "Previous") +
    link(menu[place + 1], "next", "Next") +
    "</nav>\n"
  );
}

function documentsOf(root) {
  const found = ["README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"];
  for (const name of readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" })) {
    if (name.endsWith(".md")) found.push(posix.join("docs", name.replaceAll("\\", "/")));
  }
  const place = (name) => (ORDER.includes(name) ? ORDER.indexOf(name) : ORDER.length);
  return found
    .toSorted((a, b) => place(a) - place(b) || (a < b ? -1 : 1))
    .map((name) => {
      const text = readFileSync(join(root, name), "utf8");
      return { name, text, page: pageNameOf(name), title: /^# +(.+)$/m.exec(text)?.[1] ?? name };
    });
}

function pageNameOf(name) {
  if (name === "README.md") return "index.html";
  return `${name
    .replace(/^docs\//, "")
    .replace(/\/README\.md$/, "")
    .replace(/\.md$/, "")
    .replaceAll("/", "-")
    .toLowerCase()}.html`;
}

function imagesIn(root) {
  return readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".svg"))
    .map((name) => posix.join("docs", name.replaceAll("\\", "/")));
}

/** What a document says as HTML. Anchors are those of GitHub, which scripts/docs-check.js follows. */
function bodyOf(name, text, places) {
  const anchors = new Set();
  const labels = new Set();
  let section = "";
  const marked = new Marked({
    renderer: {
      heading({ tokens, depth, text: source }) {
        const anchor = anchorOf(source, anchors);
        const words = this.parser.parseInline(tokens);
        section = plain(words);
        return `<h${depth} id="${anchor}"><a class="anchor" href="#${anchor}">${words}</a></h${depth}>\n`;
      },
      link({ href, tokens }) {
        const words = this.parser.parseInline(tokens);
        const target = targetOf(name, href, places);
        // What is no page here is a file of the repository.
        return target === undefined ? `<span class="path">${words}</span>` : `<a href="${escape(target)}">${words}</a>`;
      },
      image({ href, text: words }) {
        const source = `images/${escape(basename(href))}`;
        // By itself a chart can be made larger, and a phone be turned.
        return `<a class="chart" href="${source}"><img src="${source}" alt="${escape(words)}" loading="lazy" /></a>`;
      },
      code({ text: code, lang }) {
        const language = lang?.replace(/ .*$/, "") ?? "";
        const known = highlighter.getLanguage(language) !== undefined;
        return `<pre tabindex="0"><code>${known ? highlighter.highlight(code, { language }).value : escape(code)}</code></pre>\n`;
      },
      table(token) {
        const cell = (words, tag) => `<${tag}>${words}</${tag}>`;
        const row = (cells, tag) =>
          `<tr>${cells
            .map(({ tokens }) => this.parser.parseInline(tokens))
            .map((words) => cell(words, words === "" ? "td" : tag))
            .join("")}</tr>`;
        const body = token.rows.map((cells) => row(cells, "td")).join("\n");
        return (
          `<div class="table" tabindex="0" role="region" aria-label="${escape(labelOf(section, labels))}"><table><thead>${row(token.header, "th")}</thead>` +
          `<tbody>${body}</tbody></table></div>\n`
        );
      },
    },
  });
  const body = marked.parse(text, { async: false });
  // The rules of the contract are items that begin with their numbers: traps in the playground lead there.
  return body.replaceAll(/<li>(<p>)?<strong>(D?\d[\d.]*[a-z]?)<\/strong>/g, '<li id="rule-$2">$1<strong>$2</strong>');
}

/** Names a table by the section that it is in; the second there is another one. @param labels Those before it. */
function labelOf(section, labels) {
  let label = `Table: ${section}`;
  for (let number = 2; labels.has(label); number++) label = `Table ${number}: ${section}`;
  labels.add(label);
  return label;
}

/** What a document says under each of its headings, for who searches: see site/page/searching.ts. */
function sectionsOf(body, page, title) {
  return body
    .split(/(?=<h[1-6] id=)/)
    .filter((part) => part.startsWith("<h"))
    .map((part) => {
      const [, anchor = "", heading = "", rest = ""] = /^<h\d id="([^"]*)">(.*?)<\/h\d>\n?(.*)$/s.exec(part) ?? [];
      const isFirst = part.startsWith("<h1");
      return {
        at: isFirst ? page : `${page}#${anchor}`,
        document: title,
        heading: isFirst ? title : plain(heading),
        text: plain(rest),
      };
    });
}

/** HTML as the text that is seen. */
function plain(html) {
  const text = html.replaceAll(/<\/(?:p|li|td|th|pre|h\d)>/g, " ").replaceAll(/<[^>]+>/g, "");
  const characters = { "&lt;": "<", "&gt;": ">", "&quot;": '"', "&#39;": "'", "&amp;": "&" };
  return text
    .replaceAll(/&(?:lt|gt|quot|#39|amp);/g, (entity) => characters[entity])
    .replaceAll(/\s+/g, " ")
    .trim();
}

/** Where a link of a document leads here; nowhere, if it is to no page. */
function targetOf(name, href, places) {
  if (/^[a-z]+:/i.test(href)) return href;
  const [path = "", anchor] = href.split("#");
  if (path === "") return href;
  const page = places.get(posix.join(dirname(name), path));
  return page === undefined ? undefined : page + (anchor === undefined ? "" : `#${anchor}`);
}

function escape(text) {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

/** The head of a page, as far as all have it. @param base Where the site is. @param more What the page may load beside style and images. */
function headOf({ base, title, description = "", more }) {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8" />
<meta name="viewport" content="width=device-width, initial-scale=1" />
<meta http-equiv="Content-Security-Policy" content="default-src 'none';${more} style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'" />
<meta name="color-scheme" content="light dark" />
${description && `<meta name="description" content="${escape(description)}" />\n`}<title>${escape(title)}</title>
<link rel="icon" href="${base}icon.svg" type="image/svg+xml" />
<link rel="stylesheet" href="${base}docs.css" />`;
}

function brandOf(base) {
  return `<a class="brand" href="${base}index.html"><img src="${base}icon.svg" alt="" width="28" height="28" />Sluice</a>`;
}

function pageOf({ title, description, page, menu, body }) {
  const items = menu
    .map(
      (item) =>
        `<li><a href="${item.page}"${item.page === page ? ' aria-current="page"' : ""}>${escape(item.title)}</a></li>`,
    )
    .join("\n");
  const base = "../";
  return `${headOf({
    ...{ base, title: page === "index.html" ? title : `${title} · Sluice`, description },
    more: " script-src 'self'; connect-src 'self';",
  })}
<script type="module" src="../docs.js"></script>
</head>
<body>
<a class="skip" href="#text">Skip to the text</a>
<header class="top">
${brandOf(base)}
<nav aria-label="Site"><a href="../index.html">Playground</a><a href="index.html" aria-current="page">Docs</a></nav>
<button id="theme" type="button"></button>
</header>
<div class="pages">
<nav class="menu" aria-label="Documents"><div id="search" role="search"></div><details open><summary>Documents</summary><ul>
${items}
</ul></details></nav>
<main id="text" tabindex="-1">
${body}</main>
</div>
</body>
</html>
`;
}
