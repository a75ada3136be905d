/**
 * Reads the contract: the declaration files in api/contract, which say what each entry point exports.
 * They are plain declarations in one style, so that a scan for `export declare` is all it takes.
 */
import { readFileSync } from "node:fs";

/** What the contract promises and no source provides yet. A line leaves here when its primitive lands. */
export const notYetBuilt: Readonly<Record<string, readonly string[]>> = {
  core: [],
  sync: [],
  diagnostics: [],
  testing: [],
};

export type Kind = "class" | "const" | "function" | "interface" | "namespace" | "type";
export interface Declaration {
  readonly name: string;
  readonly kind: Kind;
  /** Each type parameter's constraint; `undefined` where it has none. */
  readonly parameters: readonly { readonly name: string; readonly constraint: string | undefined }[];
  /** What a class extends. */
  readonly base: string | undefined;
  /** What a namespace exports. */
  readonly members: readonly Declaration[];
}

export const contractFolder: URL = new URL("../api/contract/", import.meta.url);

/** What a contract file declares, less what is not built yet. */
export function promised(file: string): Declaration[] {
  const missing = notYetBuilt[file] ?? [];
  return declarations(file).filter(({ name }) => !missing.includes(name));
}

export function declarations(file: string): Declaration[] {
  const text = readFileSync(new URL(`${file}.d.ts`, contractFolder), "utf8");
  return parse(
    text,
    /^export (?:declare )?(?:abstract )?(class|const|function|interface|namespace|type) (\w+)/gm,
  );
}

/** Those that exist at run time, in the order of `Object.keys` on a module. */
export function valueNames(all: readonly Declaration[]): string[] {
  const names = all.filter(({ kind }) => kind !== "interface" && kind !== "type").map(({ name }) => name);
  return [...new Set(names)].toSorted();
}

function parse(text: string, heads: RegExp): Declaration[] {
  const code = text.replace(/\/\*[^]*?\*\/|(?<=^|\s)\/\/.*$/gm, "");
  return [...code.matchAll(heads)].map((head) => {
    const [matched, kind, name] = head as unknown as [string, Kind, string];
    const rest = code.slice(head.index + matched.length);
    const parameters = rest.startsWith("<") ? enclosed(rest, "<", ">") : "";
    return {
      name,
      kind,
      parameters: splitParameters(parameters),
      base: kind === "class" ? /^[^{]*?\bextends (\w+)[^{]*\{/.exec(rest)?.[1] : undefined,
      members: kind === "namespace" ? parse(enclosed(rest, "{", "}"), /^ {2}(class|function) (\w+)/gm) : [],
    };
  });
}

/** The text between the first `open` and the `close` that matches it. */
function enclosed(text: string, open: string, close: string): string {
  const start = text.indexOf(open);
  let depth = 0;
  for (let i = start; i < text.length; i++) {
    if (text[i] === open) depth++;
    if (text[i] === close && text[i - 1] !== "=" && --depth === 0) return text.slice(start + 1, i);
  }
  throw new Error(`"${open}" is never closed in ${text.slice(start, start + 80)}`);
}

function splitParameters(text: string): { name: string; constraint: string | undefined }[] {
  if (text === "") return [];
  return text.split(/,\s*(?=(?:const )?[A-Z]\w*(?:\s|,|$))/).map((parameter) => {
    const [, name, constraint] =
      /^(?:const )?(\w+)(?:\s+extends\s+([^=]+?))?(?:\s*=.*)?$/.exec(parameter.trim()) ?? [];
    if (name === undefined) throw new Error(`cannot read the type parameter "${parameter}"`);
    return { name, constraint };
  });
}
