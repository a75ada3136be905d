/** The façades export exactly what the contract promises for what is built so far. */
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { builtDeclarations, contractFiles, differences, type EntryPoint } from "./comparison.ts";
import { contractFolder, promised, valueNames } from "./contract.ts";

/** What signatures of the contract are made of, and what it leaves without a name of its own. */
const added: Readonly<Record<string, readonly string[]>> = {
  millrace: ["BarrierResult", "JoinedOutcome", "KeyedOutcome", "SignalName"],
  "millrace/actor": ["Strategy"],
  "millrace/diagnostics": [
    "Attributes",
    "ConsoleOptions",
    "DiagnosticsOptions",
    "ResourceKind",
    "ServedConsole",
  ],
  "millrace/threads": ["SharedGuard", "ThreadContext", "ThreadPoolMetrics", "ThreadPoolOptions"],
};

const entryPoints: readonly EntryPoint[] = [
  { name: "millrace", facade: "index", files: ["core", "sync"] },
  { name: "millrace/stream", facade: "stream", files: ["stream"] },
  { name: "millrace/threads", facade: "threads", files: ["threads"] },
  { name: "millrace/testing", facade: "testing", files: ["testing"] },
  { name: "millrace/diagnostics", facade: "diagnostics", files: ["diagnostics"] },
  { name: "millrace/actor", facade: "actor", files: ["actor"] },
];

describe.each(entryPoints)("$name", ({ name, facade, files }) => {
  const declared = files.flatMap(promised);
  const load = () => import(name) as Promise<Record<string, unknown>>;

  test("exports the values that the contract names, and no other", async () => {
    expect(Object.keys(await load()).toSorted()).toEqual(valueNames(declared));
  });

  test("exports the types that the contract names and those it is made of, and no other", () => {
    const text = readFileSync(new URL(`../packages/millrace/src/${facade}.ts`, import.meta.url), "utf8");
    const exported = [...text.matchAll(/^export type \{([^}]*)\}/gm)].flatMap(([, list]) =>
      list!.match(/\w+/g)!,
    );
    const types = declared.filter(({ kind }) => kind === "interface" || kind === "type");
    const expected = [...types.map((type) => type.name), ...(added[name] ?? [])];
    expect(exported.toSorted()).toEqual(expected.toSorted());
  });

  test("its namespaces hold the values that the contract names, and no other", async () => {
    const module = await load();
    for (const { name: namespace, members } of declared.filter(({ kind }) => kind === "namespace")) {
      expect(Object.keys(module[namespace] as object).toSorted(), namespace).toEqual(valueNames(members));
    }
  });

  test("its classes extend what the contract says", async () => {
    const module = await load();
    for (const { name: derived, base } of declared.filter(({ kind }) => kind === "class")) {
      const parent = base === undefined ? Object : base === "Error" ? Error : module[base];
      const isBase = (parent as typeof Object).prototype.isPrototypeOf(
        (module[derived] as typeof Object).prototype,
      );
      expect(isBase, `${derived} extends ${base}`).toBe(true);
    }
  });
});

describe("declarations", () => {
  const scratch = fileURLToPath(new URL("../.cache/facade/", import.meta.url));

  test("ours and the contract's are assignable to each other", { timeout: 120_000 }, async () => {
    const ours = await builtDeclarations(`${scratch}built`);
    expect(await differences(ours, entryPoints, `${scratch}compared`)).toBe("");
  });

  test("what is missing, added, weakened or made writable is found", { timeout: 120_000 }, async () => {
    const edits: readonly [from: string, to: string, complaint: RegExp][] = [
      ["export declare function now(): number;", "", /Property 'now' does not exist/],
      ["  detach(): void;", "", /Property 'detach' is missing/],
      ["  abortAll(", "  extra(): void; abortAll(", /Property 'extra' is missing/],
      ["tryJoinNext(): (Outcome<T>", "tryJoinNext(): (null | Outcome<T>", /tryJoinNext/],
      [
        "sleep(duration: Duration): Sleep",
        "sleep(duration: number): Sleep",
        /'\(duration: number\) => Sleep' is not/,
      ],
      [
        "  abort(key: K): boolean;",
        "  abort(key: K | 0): boolean;",
        /'oursStrict<JoinMap<"K", "T">>' is not/,
      ],
      ["class SharedFuture<T>", "class SharedFuture<T extends {}>", /does not satisfy the constraint '\{\}'/],
      [
        "readonly deadline: number; readonly is",
        "deadline: number; readonly is",
        /writable: oursWritable<Sleep>/,
      ],
    ];
    const edited = contractFiles().map(({ path, text }) => ({
      path,
      text: edits.reduce((all, [from, to]) => all.replace(from, to), text),
    }));
    const found = await differences(edited, entryPoints, `${scratch}edited`);
    for (const [, , complaint] of edits) expect(found).toMatch(complaint);
  });
});

test("the contract here is the one agreed on, where that is at hand", () => {
  const agreed = new URL("../../shared/api/", import.meta.url);
  if (!existsSync(agreed)) return;
  const declarations = (folder: URL) => readdirSync(folder).filter((file) => file.endsWith(".d.ts"));
  expect(declarations(contractFolder)).toEqual(declarations(agreed));
  for (const file of declarations(agreed)) {
    expect(readFileSync(new URL(file, contractFolder), "utf8"), file).toBe(
      readFileSync(new URL(file, agreed), "utf8"),
    );
  }
});
