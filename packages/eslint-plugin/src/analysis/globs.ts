/** Names of files with wildcards: `*` and `?` within a folder, `**` across folders, `{a,b}` for either. */
export function matchesAny(filename: string, patterns: readonly string[]): boolean {
  const path = filename.replaceAll("\\", "/");
  return patterns.some((pattern) => regexOf(pattern).test(path));
}

/** A pattern may start at any folder, so that it need not know where the program is checked out. */
function regexOf(pattern: string): RegExp {
  const source = pattern
    .replace(/^(?:\.?\/)+/, "")
    .replaceAll(/[.+^$()|[\]\\]/g, String.raw`\$&`)
    .replaceAll(/\*\*\/|\*\*|\*|\?/g, (wildcard) => wildcards[wildcard]!)
    .replaceAll(/\{([^{}]*)\}/g, (_, names: string) => `(?:${names.replaceAll(",", "|")})`);
  return new RegExp(`(?:^|/)${source}$`);
}

const wildcards: Readonly<Record<string, string>> = {
  "**/": "(?:.*/)?",
  "**": ".*",
  "*": "[^/]*",
  "?": "[^/]",
};
