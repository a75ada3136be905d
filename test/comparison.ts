/**
 * Compares the declarations of an entry point with the contract's, by asking the compiler whether values
 * of the one may be given to the other, in both directions.
 *
 * Classes with private members are nominal, so nothing of the contract would ever be assignable to them.
 * The comparison therefore runs on the declarations that a user of the package gets, opened: private
 * members are taken out, and the few types that differ on purpose are replaced (`SEAMS`).
 */
import { execFile } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { contractFolder, type Declaration, promised } from "./contract.ts";
import { readTree, type SourceFile } from "./source-graph.ts";

export interface EntryPoint {
  /** What a user imports. */
  readonly name: string;
  /** The name of its façade, and of the contract file to hold it against. */
  readonly facade: string;
  /** The contract files whose sum it exports. */
  readonly files: readonly string[];
}

const root = fileURLToPath(new URL("..", import.meta.url));

/** Made by the library alone; how, is not part of the contract. */
const MADE_BY_THE_LIBRARY = new Set(["Interval", "JoinHandle", "Notified", "SharedFuture", "Sleep"]);

/** What to put for a type parameter, by its constraint. */
const ARGUMENTS: Readonly<Record<string, string>> = {
  "unknown[]": "[number, string]",
  object: `{ add(n: number): Promise<string>; get(): import("./contract/core.js").Routine<boolean>; size: number }`,
  Branches: `{ left: Promise<"left">; off: false }`,
};

/** The declarations that a user of the package gets. */
export async function builtDeclarations(folder: string): Promise<SourceFile[]> {
  rmSync(folder, { recursive: true, force: true });
  const project = join(root, "packages/millrace/tsconfig.build.json");
  const failure = await compile(
    project,
    "--emitDeclarationOnly",
    "--declarationMap",
    "false",
    "--outDir",
    folder,
  );
  if (failure !== "") throw new Error(failure);
  return readTree(folder);
}

/** The contract, its imports as an emitted declaration would spell them. */
export function contractFiles(): SourceFile[] {
  return readTree(fileURLToPath(contractFolder)).map(({ path, text }) => ({
    path,
    text: text.replaceAll('.d.ts"', '.js"'),
  }));
}

/** The compiler's complaints; empty when each promise is kept and nothing is added to it. */
export async function differences(
  declarations: readonly SourceFile[],
  entryPoints: readonly EntryPoint[],
  folder: string,
): Promise<string> {
  rmSync(folder, { recursive: true, force: true });
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  for (const { path, text } of declarations)
    write(join("ours", path), opened(text, relative(dirname(path), "../contract")));
  for (const { path, text } of contractFiles()) write(join("contract", path), text);
  for (const { facade, files } of entryPoints)
    write(`${facade}.ts`, comparison(facade, files.flatMap(promised)));
  const project = {
    extends: relative(folder, join(root, "tsconfig.base.json")),
    compilerOptions: { noEmit: true, skipLibCheck: false },
    include: ["*.ts", "ours", "contract"],
  };
  write("package.json", JSON.stringify({ type: "module" }));
  write("tsconfig.json", JSON.stringify(project));
  return compile(join(folder, "tsconfig.json"));
}

/** A module that gives each of our exports to the contract, and the contract's to ours. */
function comparison(facade: string, declared: readonly Declaration[]): string {
  const lines = [
    `import * as ours from "./ours/${facade}.js";`,
    `import * as contract from "./contract/${facade}.js";`,
    `declare function value<T>(): T;`,
    `type Same<A, B> = (<X>() => X extends A ? 1 : 2) extends <X>() => X extends B ? 1 : 2 ? true : false;`,
    ...["ours", "contract"].flatMap(views),
  ];
  let count = 0;
  const compare = (type: (side: string) => string): void => {
    const id = ++count;
    lines.push(`export const ours${id}: ${type("contract")} = value<${type("ours")}>();`);
    lines.push(`export const contract${id}: ${type("ours")} = value<${type("contract")}>();`);
    lines.push(`export const known${id}: 0 extends 1 & ${type("ours")} ? "any" : true = true;`);
  };
  const visit = ({ name, kind, parameters, members }: Declaration, scope: string): void => {
    const path = `${scope}.${name}`;
    if (kind === "namespace") return members.forEach((member) => visit(member, path));
    if (kind === "const" || kind === "function") return compare((side) => `typeof ${side}${path}`);
    const types = parameters.map(
      ({ constraint, name: letter }) => ARGUMENTS[constraint ?? ""] ?? `"${letter}"`,
    );
    if (types.length > 0) lines.push(generic(path, parameters, ++count));
    const applied = types.length === 0 ? path : `${path}<${types.join(", ")}>`;
    compare((side) => `${side}${applied}`);
    if (kind === "class" || kind === "interface") {
      compare((side) => `${side}Strict<${side}${applied}>`);
      compare((side) => `{ members: keyof ${side}${applied}; writable: ${side}Writable<${side}${applied}> }`);
    }
    if (kind === "class") {
      const isMade = scope !== "" || MADE_BY_THE_LIBRARY.has(name) || name.endsWith("Error");
      compare((side) => (isMade ? `${side}Statics<typeof ${side}${path}>` : `typeof ${side}${path}`));
    }
  };
  const seen = new Set<string>();
  for (const declaration of declared) {
    if (!seen.has(declaration.name)) visit(declaration, "");
    seen.add(declaration.name);
  }
  return `${lines.join("\n")}\n`;
}

/** Ours, of whatever the contract lets it be of: fails where ours asks more of a type parameter. */
function generic(path: string, parameters: Declaration["parameters"], id: number): string {
  const declared = parameters.map(({ name, constraint }) =>
    constraint === undefined ? name : `${name} extends ${constraint.replace(/^[A-Z]/, "contract.$&")}`,
  );
  const applied = `ours${path}<${parameters.map(({ name }) => name).join(", ")}>`;
  return `export type Generic${id}<${declared.join(", ")}> = ${applied};`;
}

/**
 * Types that show what plain assignability overlooks: a method's parameters, which are compared loosely
 * while a function type's are not, and `readonly`. One set a side, for the compiler compares two uses of
 * the same alias by their arguments alone.
 */
function views(side: string): string[] {
  return [
    `type ${side}Strict<T> = { [K in keyof T]: T[K] extends (...args: infer A) => infer R ? { args: A; result: R } : T[K] };`,
    `type ${side}Writable<T> = { [K in keyof T]: Same<{ [P in K]: T[P] }, { readonly [P in K]: T[P] }> extends true ? never : K }[keyof T];`,
    `type ${side}Statics<T> = { [K in Exclude<keyof T, "prototype">]: T[K] };`,
  ];
}

/** Where ours differ from the contract's on purpose, and what to compare instead. */
const SEAMS: readonly [ours: RegExp, compared: string][] = [
  [/^\s*(?:#private|(?:private|protected) .*);$/gm, ""],
  // Two unique symbols are never the same.
  [/^(export declare const PENDING): unique symbol;$/m, `$1: typeof import("CONTRACT").PENDING;`],
  [/^export interface Suspend \{[^}]*\}$/m, `export type Suspend = import("CONTRACT").Suspend;`],
  // The runtime lies below the class of tokens, and asks for less than one.
  [
    /^export interface StopToken \{[^}]*\}$/m,
    `export type StopToken = import("CONTRACT").CancellationToken;`,
  ],
  [/^(export type StopLike = AbortSignal \| )\{[^}]*\};$/m, `$1import("CONTRACT").CancellationToken;`],
  // Compared once, member by member. What the members give is the contract's own, or the compiler would open
  // streams of streams of streams, for a minute.
  [/(?<!class |extends )\bStream</g, `import("STREAMS").Stream<`],
  // Added: the guard tells that whoever had the lock before has died.
  [/^\s*readonly isAbandoned: boolean;$/gm, ""],
  // A code is promised to be stable; which one it is, we add.
  [/^(\s*readonly code: )"(?!ERR_THREAD")\w+";$/gm, "$1string;"],
];

/** A declaration file as it is compared; `contract` is the contract's folder, seen from it. */
function opened(text: string, contract: string): string {
  return SEAMS.reduce((all, [ours, compared]) => all.replace(ours, compared), text)
    .replaceAll('"CONTRACT"', `"${contract}/core.js"`)
    .replaceAll('"STREAMS"', `"${contract}/stream.js"`);
}

/** Runs the compiler on a project: what it printed, or nothing when all is well. */
export function compile(project: string, ...options: string[]): Promise<string> {
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  const args = [tsc, "--project", project, "--pretty", "false", ...options];
  return new Promise((done) => {
    execFile(process.execPath, args, { cwd: root, maxBuffer: 1 << 26 }, (failure, stdout, stderr) =>
      done(failure === null ? "" : stdout + stderr || failure.message),
    );
  });
}
