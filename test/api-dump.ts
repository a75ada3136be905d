/**
 * What an entry point exports, as text: the declarations that the compiler emits, without their comments, in the
 * order of their names. What a class inherits from one that is not exported stands after it.
 */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";

interface Module {
  /** The declarations of each name; overloads are several. */
  readonly own: Map<string, string[]>;
  /** Exported names that come from elsewhere, and what they are called there. */
  readonly passedOn: Map<string, { readonly file: string; readonly name: string }>;
  readonly namespaces: Map<string, string>;
  readonly imported: Map<string, { readonly file: string; readonly name: string }>;
  readonly exported: Set<string>;
}

const modules: Map<string, Module> = new Map();

export function dumpOf(file: string): string {
  const names = [...read(file).exported].toSorted();
  const shown = new Set(names);
  return `${names.map((name) => declarationOf(file, name, shown)).join("\n\n")}\n`;
}

/** `shown`: what has its place in the dump. */
function declarationOf(file: string, name: string, shown: Set<string>): string {
  const { own, passedOn, imported, namespaces } = read(file);
  const inside = namespaces.get(name);
  if (inside !== undefined) {
    return `export namespace ${name} {\n${dumpOf(inside)
      .trimEnd()
      .replaceAll(/^(?=.)/gm, "  ")}\n}`;
  }
  const found = own.get(name);
  if (found !== undefined) return [found.join("\n"), ...basesOf(file, found.join("\n"), shown)].join("\n\n");
  const source = passedOn.get(name) ?? imported.get(name);
  if (source === undefined) throw new Error(`${file} does not export ${name}`);
  return declarationOf(source.file, source.name, shown);
}

/** The class that a class extends, unless it is public itself: its methods are. */
function basesOf(file: string, declaration: string, shown: Set<string>): string[] {
  const base = /^(?:export )?(?:declare )?(?:abstract )?class [^{]*? extends (\w+)/.exec(declaration)?.[1];
  const { own, imported } = read(file);
  if (base === undefined || shown.has(base) || !(own.has(base) || imported.has(base))) return [];
  shown.add(base);
  return [declarationOf(file, base, shown)];
}

function read(file: string): Module {
  const known = modules.get(file);
  if (known !== undefined) return known;
  const module: Module = {
    own: new Map(),
    passedOn: new Map(),
    namespaces: new Map(),
    imported: new Map(),
    exported: new Set(),
  };
  modules.set(file, module);
  for (const statement of statements(readFileSync(file, "utf8"))) {
    const resolve = (from: string): string => join(dirname(file), from.replace(/\.(js|ts)$/, ".d.ts"));
    const list = /^(export|import) (?:type )?\{([^}]*)\}(?: from "([^"]+)")?/.exec(statement);
    const namespace = /^export \* as (\w+) from "([^"]+)"/.exec(statement);
    if (list !== null) {
      const [, verb, names, from] = list as unknown as [string, string, string, string | undefined];
      for (const each of names.split(",").filter((part) => part.trim() !== "")) {
        const [name, alias] = each
          .trim()
          .replace(/^type /, "")
          .split(" as ");
        const outside = alias ?? name!;
        if (verb === "export") module.exported.add(outside);
        if (from === undefined) continue;
        (verb === "export" ? module.passedOn : module.imported).set(outside, {
          file: resolve(from),
          name: name!,
        });
      }
    } else if (namespace !== null) {
      module.exported.add(namespace[1]!);
      module.namespaces.set(namespace[1]!, resolve(namespace[2]!));
    } else {
      const head =
        /^(?:export )?(?:declare )?(?:abstract )?(?:class|const|function|interface|namespace|type|let) (\w+)/.exec(
          statement,
        );
      if (head === null) continue;
      if (statement.startsWith("export ")) module.exported.add(head[1]!);
      module.own.set(head[1]!, [...(module.own.get(head[1]!) ?? []), statement]);
    }
  }
  return module;
}

/** At the left margin, a line with a word begins a statement, and one with a bracket belongs to the one above. */
function statements(text: string): string[] {
  const code = text.replaceAll(/^\s*\/\*\*[^]*?\*\/\n?/gm, "").replaceAll(/^\/\/.*\n?/gm, "");
  return code.split(/\n(?=\w)/).map((statement) => statement.trim());
}
