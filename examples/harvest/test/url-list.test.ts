import { expect, test } from "vitest";
import { HarvestError } from "../src/failure.ts";
import { parseUrlList, readUrlList } from "../src/url-list.ts";

const urlsOf = (text: string) => parseUrlList("urls.txt", text).targets.map(({ url }) => url);

test("one URL a line; blank lines and comments are skipped", () => {
  expect(urlsOf("http://a/1\n\n# a comment\n  https://b/2  \n")).toEqual(["http://a/1", "https://b/2"]);
});

test("a byte order mark and Windows line ends are no part of a URL", () => {
  expect(urlsOf("\uFEFFhttp://a/1\r\nhttp://a/2\r\n")).toEqual(["http://a/1", "http://a/2"]);
});

test("a URL listed twice, however written, is one target", () => {
  expect(urlsOf("http://a/x\nHTTP://A:80/x\n")).toEqual(["http://a/x"]);
});

test("a malformed line is named with its number and its text, and the others stay", () => {
  const { targets, failures } = parseUrlList("urls.txt", "http://a/1\nhtp:/oops\n\nftp://a/2\nhttp://a/3");
  expect(targets).toHaveLength(2);
  expect(failures.map(({ kind, url, message }) => `${kind}: ${url}: ${message}`)).toEqual([
    'malformed: urls.txt:2: not an http(s) URL: "htp:/oops"',
    'malformed: urls.txt:4: not an http(s) URL: "ftp://a/2"',
  ]);
});

test("a URL with a password, which is not sent, is refused, and the password is not told", () => {
  const { targets, failures } = parseUrlList("urls.txt", "http://me:secret@a/1");
  expect(targets).toEqual([]);
  expect(failures.map(({ kind, url, message }) => [kind, url, message])).toEqual([
    ["malformed", "urls.txt:1", "a URL with a user and a password"],
  ]);
});

test("a list that cannot be read is named", async () => {
  await expect(readUrlList("no-such-list.txt")).rejects.toThrow(HarvestError);
  await expect(readUrlList("no-such-list.txt")).rejects.toThrow("cannot read the list no-such-list.txt");
});
