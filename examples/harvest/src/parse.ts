/** Turns a body into a document: its format, and what it is about. */
import { DocumentFailure } from "./failure.ts";
import type { FetchedDocument } from "./fetch-document.ts";
import type { HarvestedDocument } from "./document-store.ts";

type Subject = Pick<HarvestedDocument, "title" | "summary">;

/** @throws DocumentFailure of kind "decode" when the body is not what it claims to be */
export function parseDocument({ url, mediaType, body }: FetchedDocument): Omit<HarvestedDocument, "hash"> {
  const format = formatOf(url, mediaType);
  return { url, format, body, ...subjectOf(url, format, new TextDecoder().decode(body)) };
}

function formatOf(url: string, mediaType: string): HarvestedDocument["format"] {
  const { pathname } = new URL(url);
  if (/\.json$/i.test(pathname) || /[/+]json$/i.test(mediaType)) return "json";
  if (/\.(md|markdown)$/i.test(pathname) || mediaType === "text/markdown") return "markdown";
  return "other";
}

function subjectOf(url: string, format: HarvestedDocument["format"], text: string): Subject {
  switch (format) {
    case "json":
      return jsonSubject(url, text);
    case "markdown":
      return markdownSubject(text);
    case "other":
      return { title: null, summary: null };
  }
}

function jsonSubject(url: string, text: string): Subject {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new DocumentFailure("decode", url, `the body is not JSON: ${(cause as Error).message}`, { cause });
  }
  const { name, description } = (value ?? {}) as { name?: unknown; description?: unknown };
  return { title: textOrNull(name), summary: textOrNull(description) };
}

/** The first heading, and the first paragraph of plain text, outside of code blocks. */
function markdownSubject(text: string): Subject {
  const prose = text.replaceAll(/^(```|~~~).*?^\1/gms, "");
  const heading = /^#{1,6}[ \t]+(\S.*)$/m.exec(prose)?.[1];
  const paragraph = prose.split(/\r?\n\s*\r?\n/).find((block) => /^[\p{L}\p{N}*_`"']/u.test(block));
  return {
    title: textOrNull(
      heading
        ?.slice(0, 200)
        .replace(/#+\s*$/, "")
        .trimEnd(),
    ),
    summary: textOrNull(paragraph?.slice(0, 500).replaceAll(/\s+/g, " ").trimEnd()),
  };
}

/** No database agrees with another on a NUL in a text. */
function textOrNull(value: unknown): string | null {
  return typeof value === "string" ? value.replaceAll("\0", "") : null;
}
