/** Adds a name to a file's import of millrace, for a suggestion that needs it. */
import type { Rule } from "eslint";
import type * as estree from "estree";
import type { Resolver } from "./resolver.ts";
import { startOf } from "./syntax.ts";

/** `change` is given the name that the export has in this file. */
export function importing(
  exported: string,
  resolver: Resolver,
  fixer: Rule.RuleFixer,
  change: (name: string) => Rule.Fix,
): Rule.Fix[] {
  const { ast } = resolver.sourceCode;
  const imports = ast.body.filter(
    (node): node is estree.ImportDeclaration =>
      node.type === "ImportDeclaration" &&
      node.source.value === "millrace" &&
      (node as { importKind?: string }).importKind !== "type",
  );
  for (const { specifiers } of imports) {
    for (const specifier of specifiers) {
      if (specifier.type === "ImportNamespaceSpecifier")
        return [change(`${specifier.local.name}.${exported}`)];
      if (specifier.type !== "ImportSpecifier") continue;
      const { imported, local } = specifier;
      if (imported.type === "Identifier" && imported.name === exported) return [change(local.name)];
    }
  }
  const last = imports.at(-1)?.specifiers.at(-1);
  if (last !== undefined) return [fixer.insertTextAfter(last, `, ${exported}`), change(exported)];
  const at = ast.body[0] === undefined ? 0 : startOf(ast.body[0]);
  return [
    fixer.insertTextBeforeRange([at, at], `import { ${exported} } from "millrace";\n`),
    change(exported),
  ];
}
