/**
 * The parser of typescript-eslint, which needs TypeScript 6 while the repository itself is on 7.
 *
 * TypeScript 6 is installed beside this package only. One library of the parser's is installed further
 * up, and would find TypeScript 7 there; it is shown the one that the parser uses.
 */
import type { Linter } from "eslint";
import { createRequire, registerHooks } from "node:module";
import { pathToFileURL } from "node:url";

const url = pathToFileURL(createRequire(import.meta.url).resolve("typescript")).href;

registerHooks({
  resolve(specifier, context, next) {
    return specifier === "typescript" && context.parentURL?.includes("/ts-api-utils/") === true
      ? { url, format: "commonjs", shortCircuit: true }
      : next(specifier, context);
  },
});

export const parser = (await import("@typescript-eslint/parser")) satisfies Linter.Parser;
