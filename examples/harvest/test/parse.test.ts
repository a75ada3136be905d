import { expect, test } from "vitest";
import { DocumentFailure } from "../src/failure.ts";
import { parseDocument } from "../src/parse.ts";

const parse = (url: string, body: string, mediaType = "") =>
  parseDocument({ url, mediaType, body: Buffer.from(body) });

test("a package.json gives its name and description", () => {
  expect(parse("http://a/package.json", '{"name":"left-pad","description":"pads"}')).toMatchObject({
    format: "json",
    title: "left-pad",
    summary: "pads",
  });
});

test("JSON of any shape is fine", () => {
  for (const body of ["null", "[1]", '"text"', '{"name":1}', "\uFEFF{}"]) {
    expect(parse("http://a/x.json", body)).toMatchObject({ format: "json", title: null, summary: null });
  }
});

test("a body that is not JSON where JSON was promised is a failure of kind decode", () => {
  const promises = [
    () => parse("http://a/x.json?v=1", "<html>"),
    () => parse("http://a/x", "", "application/ld+json"),
  ];
  for (const promise of promises) {
    expect(promise).toThrow(DocumentFailure);
    expect(promise).toThrow(expect.objectContaining({ kind: "decode", isTransient: false }));
  }
});

test("Markdown gives its first heading and paragraph, not those inside of code", () => {
  const body = "```sh\n# not this\n```\n\n<img>\n\n## Title ##\n\nA first\nparagraph.\n\nAnother.";
  expect(parse("http://a/README.md", body)).toMatchObject({
    format: "markdown",
    title: "Title",
    summary: "A first paragraph.",
  });
});

test("a huge heading is cut, and takes no time", () => {
  const { title } = parse("http://a/x.md", `# ${"#".repeat(3_000_000)}x`);
  expect(title?.length).toBeLessThanOrEqual(200);
});

test("Markdown with neither is a document still", () => {
  expect(parse("http://a/x", "", "text/markdown")).toMatchObject({
    format: "markdown",
    title: null,
    summary: null,
  });
});

test("anything else is kept as it is", () => {
  expect(parse("http://a/", "<html>", "text/html")).toMatchObject({ format: "other", title: null });
});

test("a NUL in a text is left out: PostgreSQL has no place for it", () => {
  expect(parse("http://a/1.json", '{"name":"a\\u0000b"}').title).toBe("ab");
});
