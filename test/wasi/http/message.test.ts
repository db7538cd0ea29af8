/** What a request may be set to, against the URL standard where that has a word on it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../../testing/properties.ts";
import { isAuthority, isMethod, isPathWithQuery, isScheme, splitAuthority } from "../../../src/wasi/http/message.ts";

test("a method is a token", () => {
  for (const method of ["GET", "get", "PURGE", "M-SEARCH", "!#$%&'*+-.^_`|~0"]) assert.ok(isMethod(method), method);
  for (const method of ["", " ", "GET ", "A B", "A\r\n", "\u00e9", "A:", "(", "\u0000"])
    assert.ok(!isMethod(method), method);
});

test("a scheme begins with a letter", () => {
  for (const scheme of ["http", "HTTPS", "a+b-c.d9"]) assert.ok(isScheme(scheme), scheme);
  for (const scheme of ["", "9a", "a b", "a:", "\u00e9", "a\n"]) assert.ok(!isScheme(scheme), scheme);
});

test("an authority is a host, and a port of 16 bits", () => {
  for (const authority of ["a", "a.b", "1.2.3.4:80", "[::1]", "[::1]:8080", "a:0", "a:65535", "a%20b", "a_b"]) {
    assert.ok(isAuthority(authority), authority);
  }
  for (const authority of [
    "",
    ":",
    ":80",
    "a:",
    "a:b",
    "a:65536",
    "a:-1",
    "u@a",
    "a/b",
    "a b",
    "::1",
    "[::1",
    "[]",
    "a?b",
    "a#b",
    "a\r\nb",
    "a:80:80",
    "[::1]x",
    "a%2",
  ]) {
    assert.ok(!isAuthority(authority), authority);
  }
});

test("an authority is split where a URL is", () => {
  const host = fc.constantFrom("a", "a.example", "1.2.3.4", "[::1]", "[fe80::1:2]");
  fc.assert(
    fc.property(
      host,
      fc.option(fc.integer({ min: 1, max: 65_535 })),
      fc.constantFrom("http", "https"),
      (name, port, scheme) => {
        const authority = port === null ? name : `${name}:${port}`;
        assert.ok(isAuthority(authority));
        const url = new URL(`${scheme}://${authority}/`);
        assert.deepEqual(splitAuthority(authority, scheme), {
          host: url.hostname.replaceAll(/[[\]]/g, ""),
          port: url.port === "" ? (scheme === "http" ? 80 : 443) : Number(url.port),
        });
      },
    ),
  );
});

test("a path has nothing that ends a line, a fragment or a blank", () => {
  for (const path of ["", "/", "*", "/a?b=c%20&d", "?a", "/\u00e9\u0416", "/a'b(c)", "/{a}"])
    assert.ok(isPathWithQuery(path), path);
  for (const path of ["a", " ", "/a b", "/a#b", "/a\r\nb", "/\u0000", "/\u007f", "/\t"])
    assert.ok(!isPathWithQuery(path), path);
});
