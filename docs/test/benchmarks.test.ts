/** What the documents say about speed is what bench/src/publish.ts makes of the run that lies beside them. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { documents, type Run } from "../../bench/src/publish.ts";
import { docs } from "./programs.ts";

const read = (path: string): string => readFileSync(join(docs, "performance", path), "utf8");

test("tables and highlights come from the run", () => {
  const made = documents(JSON.parse(read("run.json")) as Run, read("../../README.md"));
  // The formatter pads the cells.
  const plain = (text: string): string => text.replaceAll(/ +/g, " ").replaceAll(/-{2,}/g, "--");
  for (const [path, text] of Object.entries(made)) expect(plain(read(path)), path).toBe(plain(text));
});
