/**
 * What the rules believe of millrace, against the library's own types: as TypeScript sees the entry points
 * of the package, every future that they give is in the table, and the table names nothing that is gone.
 */
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { beforeAll, expect, test } from "vitest";
import { bodies, modules, shapes } from "../src/analysis/api.ts";
import { calledType, isInstanceOf, memberOf } from "../src/analysis/types.ts";

interface TsSymbol {
  readonly name: string;
}
interface TsType {
  getSymbol(): TsSymbol | undefined;
}
interface Checker {
  getTypeOfSymbol(symbol: TsSymbol): TsType | undefined;
  getDeclaredTypeOfSymbol(symbol: TsSymbol): TsType;
  getAliasedSymbol(symbol: TsSymbol): TsSymbol;
  getSymbolAtLocation(node: object): TsSymbol | undefined;
  getExportsOfModule(module: TsSymbol): readonly TsSymbol[];
  getPropertiesOfType(type: TsType): readonly TsSymbol[];
  getPropertyOfType(type: TsType, name: string): TsSymbol | undefined;
  getSignaturesOfType(type: TsType, kind: 0): readonly object[];
  getReturnTypeOfSignature(signature: object): TsType | undefined;
  typeToString(type: TsType): string;
}
interface Project {
  readonly checker: Checker;
  readonly program: { getSourceFile(file: string): object | undefined };
}

const aliasFlag = 2_097_152;
const library = fileURLToPath(new URL("../../millrace/", import.meta.url));
const entries: Readonly<Record<string, string>> = Object.fromEntries(
  Object.keys(modules).map((module) => [module, module.replace(/^millrace\/?/, "") || "index"]),
);

/** What gives a future when it is called: `sleep`, `mpsc.Sender.send`. */
const truth = new Set<string>();
const exported = new Set<string>();

beforeAll(() => {
  const require = createRequire(`${library}package.json`);
  const { API } = require("typescript/unstable/sync") as {
    API: new (options: { cwd: string }) => {
      updateSnapshot(changes: object): { getProject(file: string): Project };
    };
  };
  const config = `${library}tsconfig.json`;
  const project = new API({ cwd: library }).updateSnapshot({ openProjects: [config] }).getProject(config);
  for (const entry of Object.values(entries)) {
    const source = project.program.getSourceFile(`${library}src/${entry}.ts`)!;
    walk(project.checker, project.checker.getSymbolAtLocation(source)!, "");
  }
}, 60_000);

function walk(checker: Checker, module: TsSymbol, prefix: string): void {
  for (const symbol of checker.getExportsOfModule(module)) {
    const { flags } = symbol as { flags?: number };
    const target = (flags ?? 0) & aliasFlag ? checker.getAliasedSymbol(symbol) : symbol;
    const path = prefix + symbol.name;
    exported.add(path);
    const value = checker.getTypeOfSymbol(target);
    if (value !== undefined && givesFuture(checker, value)) truth.add(path);
    for (const side of [value, checker.getDeclaredTypeOfSymbol(target)]) {
      for (const member of side === undefined ? [] : checker.getPropertiesOfType(side)) {
        const type = checker.getTypeOfSymbol(member);
        if (type !== undefined && givesFuture(checker, type)) truth.add(`${path}.${member.name}`);
      }
    }
    if (/^(?:mpsc|oneshot|broadcast|watch)$/.test(path)) walk(checker, target, `${path}.`);
  }
}

function givesFuture(checker: Checker, type: TsType): boolean {
  return checker.getSignaturesOfType(type, 0).some((signature) => {
    const result = checker.getReturnTypeOfSignature(signature);
    return (
      result !== undefined &&
      ["poll", "drop", "then"].every((name) => checker.getPropertyOfType(result, name))
    );
  });
}

/** Members that are not for users. */
const internal = /\.(?:useAgain|futureAgain)$/;

const isFuture = (type: string | undefined) =>
  type !== undefined && !type.startsWith("type ") && isInstanceOf(calledType(type), "Future");

test("every function and method that gives a future is known to give one", () => {
  const exports = Object.assign({}, ...Object.values(modules)) as Record<string, string>;
  const isKnown = (path: string) => {
    if (isFuture(exports[path])) return true;
    const [, owner, name] = /^(.*)\.(\w+)$/.exec(path) ?? [];
    return [owner, `new ${owner}`].some((type) => isFuture(memberOf(type ?? "", name ?? "")?.type));
  };
  expect([...truth].filter((path) => !isKnown(path) && !internal.test(path))).toEqual([]);
});

test("nothing is taken for a future that is none, or is gone", () => {
  const functions = Object.values(modules).flatMap((exports) => Object.entries(exports));
  const methods = Object.entries(shapes)
    .filter(([owner]) => owner !== "AnyMethod" && !owner.endsWith("Fn") && !owner.startsWith("typeof"))
    .flatMap(([owner, { members }]) =>
      Object.entries(members).map(([name, type]) => [`${owner}.${name}`, type] as const),
    );
  const claimed = [...functions, ...methods].filter(([, type]) => isFuture(type)).map(([path]) => path);
  expect(claimed.length).toBeGreaterThan(90);
  expect(claimed.filter((path) => !truth.has(path))).toEqual([]);
});

test("every name in the table is exported", () => {
  const names = Object.values(modules).flatMap((exports) => Object.keys(exports));
  expect(names.filter((name) => !exported.has(name))).toEqual([]);
});

test("what takes a body takes it under a name that exists", () => {
  const known = (path: string) => {
    const [owner, name] = path.split(".");
    if (name === undefined) return exported.has(path);
    return [owner!, `new ${owner}`].some((type) => memberOf(type, name) !== undefined);
  };
  expect(Object.keys(bodies).filter((path) => !known(path))).toEqual([]);
});
