/** A page for each rule of the lint plugin: the text that stands beside its source. */
import { readdirSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";

const rules = fileURLToPath(new URL("../../packages/eslint-plugin/src/rules/", import.meta.url));

export default {
  paths(): { params: { rule: string }; content: string }[] {
    return readdirSync(rules)
      .filter((file) => file.endsWith(".md"))
      .map((file) => ({
        params: { rule: basename(file, ".md") },
        content: readFileSync(rules + file, "utf8").replaceAll(
          "](../typed/no-floating-future.md)",
          "](index#with-types)",
        ),
      }));
  },
};
