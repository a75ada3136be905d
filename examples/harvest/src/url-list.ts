/** `--list FILE`: one http(s) URL a line; blank lines and lines that begin with `#` are skipped. */
import { readFile } from "node:fs/promises";
import { DocumentFailure, HarvestError } from "./failure.ts";
import type { Source, Target } from "./source.ts";

/** @throws HarvestError when the file cannot be read; a malformed line is only a failure of its own. */
export async function readUrlList(path: string): Promise<Source> {
  try {
    return parseUrlList(path, await readFile(path, "utf8"));
  } catch (cause) {
    throw new HarvestError(`cannot read the list ${path}: ${(cause as Error).message}`, { cause });
  }
}

export function parseUrlList(name: string, text: string): Source {
  const targets = new Map<string, Target>();
  const failures: DocumentFailure[] = [];

  for (const [index, line] of text
    .replace(/^\uFEFF/, "")
    .split("\n")
    .entries()) {
    const entry = line.trim();
    if (entry === "" || entry.startsWith("#")) continue;
    const url = URL.parse(entry);
    const why = whyRefused(url, entry);
    if (why === undefined) targets.set(url!.href, { url: url!.href, location: url!.href });
    else failures.push(new DocumentFailure("malformed", `${name}:${index + 1}`, why));
  }
  return { name, targets: [...targets.values()], failures, [Symbol.dispose]() {} };
}

function whyRefused(url: URL | null, entry: string): string | undefined {
  if (url?.protocol !== "http:" && url?.protocol !== "https:")
    return `not an http(s) URL: ${JSON.stringify(entry)}`;
  // The password is not repeated.
  return url.username === "" && url.password === "" ? undefined : "a URL with a user and a password";
}
