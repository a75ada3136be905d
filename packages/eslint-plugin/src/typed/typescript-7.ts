/**
 * Types from TypeScript 7, which is a program of its own: it is started once, keeps the projects it has
 * read, and answers between two lines of a rule. This needs no parser of its own, so it works in oxlint.
 *
 * Its API is still called unstable. What is used of it is written down below and nothing else is. It ends
 * with this process by itself.
 */
import { createRequire } from "node:module";
import { join } from "node:path";
import type { Checker, TypedFile } from "./checker.ts";

interface TsNode {
  readonly end: number;
  getStart(): number;
  forEachChild<T>(visit: (child: TsNode) => T | undefined): T | undefined;
}

interface SourceFile extends TsNode {
  readonly text: string;
}

interface Project {
  readonly configFileName: string;
  readonly checker: Checker;
  readonly program: { getSourceFile(file: string): SourceFile | undefined };
}

interface Snapshot {
  getDefaultProjectForFile(file: string): Project | undefined;
}

interface Changes {
  readonly openFiles?: readonly string[];
  readonly closeFiles?: readonly string[];
  readonly openProjects?: readonly string[];
  readonly fileChanges?: { readonly changed: readonly string[] };
}

interface Server {
  updateSnapshot(changes: Changes): Snapshot;
}

interface Typescript {
  API: new (options: { cwd: string; fs: { readFile(file: string): string | undefined } }) => Server;
}

/** Sees a file as the linter does: an editor has text that is not saved yet. */
class TypeServer {
  readonly #server: Server;
  readonly #texts = new Map<string, string>();
  readonly #projects = new Set<string>();
  #snapshot: Snapshot | undefined;

  constructor({ API }: Typescript, cwd: string) {
    this.#server = new API({ cwd, fs: { readFile: (file) => this.#texts.get(file) } });
  }

  open(file: string, text: string): TypedFile | undefined {
    this.#texts.set(file, text);
    let project = this.#snapshot?.getDefaultProjectForFile(file);
    let source = project?.program.getSourceFile(file);
    if (source?.text !== text) {
      // An open file keeps the text that it was opened with.
      if (source !== undefined) {
        this.#server.updateSnapshot({ closeFiles: [file], fileChanges: { changed: [file] } });
      }
      this.#snapshot = this.#server.updateSnapshot({ openFiles: [file] });
      project = this.#snapshot.getDefaultProjectForFile(file);
      source = project?.program.getSourceFile(file);
      this.#keep(project);
    }
    if (project === undefined || source === undefined) return undefined;
    const root = source;
    return { checker: project.checker, nodeAt: (start, end) => innermost(root, start, end) };
  }

  /** A project is forgotten with the last file that is open in it, unless it is open itself. */
  #keep(project: Project | undefined): void {
    const name = project?.configFileName;
    if (!name?.endsWith(".json") || this.#projects.has(name)) return;
    this.#projects.add(name);
    this.#server.updateSnapshot({ openProjects: [name] });
  }
}

/** The smallest node that covers exactly this range. */
function innermost(root: TsNode, start: number, end: number): TsNode | undefined {
  let found: TsNode | undefined;
  let at: TsNode | undefined = root;
  while (at !== undefined) {
    if (at.end === end && at.getStart() === start) found = at;
    at = at.forEachChild((child) => (child.getStart() <= start && end <= child.end ? child : undefined));
  }
  return found;
}

const servers = new Map<string, TypeServer>();

/** `undefined` when the program that is linted does not have TypeScript 7. */
export function typedByServer(file: string, text: string, cwd: string): TypedFile | undefined {
  let server = servers.get(cwd);
  if (server === undefined) {
    const typescript = load(cwd);
    if (typescript === undefined) return undefined;
    servers.set(cwd, (server = new TypeServer(typescript, cwd)));
  }
  return server.open(file, text);
}

/** The TypeScript of the program that is linted, not one that happens to be near this file. */
function load(cwd: string): Typescript | undefined {
  const require = createRequire(join(cwd, "package.json"));
  try {
    return require("typescript/unstable/sync") as Typescript;
  } catch (error) {
    if (
      /^(?:MODULE_NOT_FOUND|ERR_PACKAGE_PATH_NOT_EXPORTED)$/.test((error as { code?: string }).code ?? "")
    ) {
      return undefined;
    }
    throw error;
  }
}
