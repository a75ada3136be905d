import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { breaches, importsOf, readTree } from "./source-graph.ts";

const sources = fileURLToPath(new URL("../packages/millrace/src", import.meta.url));

describe("the sources of millrace", () => {
  test("imports point down without cycles, files are small, names say something", () => {
    expect(existsSync(sources) ? breaches(readTree(sources)) : []).toEqual([]);
  });
});

describe("the rules themselves", () => {
  /** A tree in which each file imports what its text names. */
  const tree = (files: Record<string, string>) =>
    breaches(Object.entries(files).map(([path, text]) => ({ path, text })));
  const importing = (...specifiers: string[]) =>
    specifiers.map((s) => `import { x } from "${s}";`).join("\n");

  test("an empty tree is fine", () => {
    expect(tree({})).toEqual([]);
  });

  test("every form of import is seen, and comments are not", () => {
    const text = `
      import "./a.ts";
      import b, { type B } from "./b.ts";
      import * as c from "./c.ts";
      import {
        d,
      } from './d.ts';
      import type { E } from "./e.ts";
      export * from "./f.ts";
      export { g } from "./g.ts";
      export type { H } from "./h.ts";
      export * as i from "./i.ts";
      const j = await import("./j.ts");
      // import { k } from "./k.ts";
      /** @example import { l } from "./l.ts"; */
      const url = "http://example.org";
      import { m } from "./m.ts";
    `;
    expect(importsOf(text).map(({ specifier, kind }) => `${kind} ${specifier}`)).toEqual([
      "value ./a.ts",
      "value ./b.ts",
      "value ./c.ts",
      "value ./d.ts",
      "type ./e.ts",
      "value ./f.ts",
      "value ./g.ts",
      "type ./h.ts",
      "value ./i.ts",
      "value ./m.ts",
      "deferred ./j.ts",
    ]);
  });

  test("down is allowed, up is not, not even for a type", () => {
    const files = { "errors.ts": "", "internal/ring.ts": importing("../errors.ts"), "sync/mpsc.ts": "" };
    expect(tree({ ...files, "runtime/task.ts": importing("../internal/ring.ts", "../errors.ts") })).toEqual(
      [],
    );
    expect(tree({ ...files, "runtime/task.ts": importing("../sync/mpsc.ts") })).toEqual([
      "runtime/task.ts: imports sync/mpsc.ts; imports point down, and combinators/time/sync is not below runtime",
    ]);
    expect(tree({ ...files, "runtime/task.ts": `import type { X } from "../sync/mpsc.ts";` })).toHaveLength(
      1,
    );
  });

  test("combinators, time and sync may use each other; actors and streams only each other's types", () => {
    expect(
      tree({
        "time/sleep.ts": importing("../combinators/race.ts"),
        "combinators/race.ts": importing("../sync/notify.ts"),
        "sync/notify.ts": "",
      }),
    ).toEqual([]);
    expect(tree({ "stream/source.ts": importing("../actor/actor.ts"), "actor/actor.ts": "" })).toHaveLength(
      1,
    );
    expect(
      tree({ "stream/source.ts": `import type { A } from "../actor/actor.ts";`, "actor/actor.ts": "" }),
    ).toEqual([]);
  });

  test("a façade imports anything, and nothing below imports a façade", () => {
    const files = {
      "index.ts": importing("./time/sleep.ts", "./testing/paused.ts"),
      "testing/paused.ts": "",
    };
    expect(tree({ ...files, "time/sleep.ts": "" })).toEqual([]);
    expect(tree({ ...files, "time/sleep.ts": importing("../index.ts") })).toContain(
      "time/sleep.ts: imports index.ts; imports point down, and a façade is not below combinators/time/sync",
    );
  });

  test("a round of value imports is a cycle, one of types is not", () => {
    const files = { "runtime/a.ts": importing("./b.ts"), "runtime/b.ts": importing("./c.ts") };
    expect(tree({ ...files, "runtime/c.ts": importing("./a.ts") })).toEqual([
      "cycle: runtime/a.ts → runtime/b.ts → runtime/c.ts → runtime/a.ts",
    ]);
    expect(tree({ ...files, "runtime/c.ts": `import type { A } from "./a.ts";` })).toEqual([]);
  });

  test("packages and unknown folders are named", () => {
    expect(tree({ "runtime/a.ts": importing("node:fs"), "web/c.ts": "" })).toEqual([
      `runtime/a.ts: imports "node:fs"; the library has no dependencies and asks runtime/host.ts for the platform`,
      "web/c.ts: belongs to no layer; add its folder to LAYERS in test/source-graph.ts",
    ]);
  });

  test("long files and names that say nothing are named", () => {
    expect(tree({ "sync/mpsc.ts": "x\n".repeat(400) })).toEqual([]);
    expect(tree({ "sync/mpsc.ts": "x\n".repeat(401), "sync/utils.ts": "", "sync/waitQueue.ts": "" })).toEqual(
      [
        "sync/mpsc.ts: 401 lines, the limit is 400; look for the second concept in it",
        `sync/utils.ts: "utils" says nothing; name it after what it holds`,
        `sync/waitQueue.ts: "waitQueue.ts" is not a kebab-case TypeScript file or folder`,
      ],
    );
  });
});
