/**
 * Where tools find the console of a process: a file named after its id, in a folder that only its user may read.
 * Whoever can read it could as well attach a debugger.
 */
import { lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Where a console is served, and what opens it. */
export interface Found {
  /** Without a token. */
  readonly url: string;
  /** For the `authorization` header, as a bearer. */
  readonly key: string;
}

function folder(): string {
  return join(tmpdir(), `millrace-console-${process.getuid?.() ?? "user"}`);
}

/** Says where this process can be looked at; the result takes it back. Does nothing where it cannot be said safely. */
export function announce(found: Found): () => void {
  const file = join(folder(), `${process.pid}.json`);
  try {
    mkdirSync(folder(), { recursive: true, mode: 0o700 });
    if (!isPrivate(folder())) return () => {};
    removeStale();
    rmSync(file, { force: true });
    writeFileSync(file, JSON.stringify(found), { mode: 0o600, flag: "wx" });
  } catch {
    return () => {};
  }
  const withdraw = (): void => {
    process.off("exit", withdraw);
    try {
      const { key } = JSON.parse(readFileSync(file, "utf8")) as Found;
      if (key === found.key) rmSync(file);
    } catch {
      // It is gone already.
    }
  };
  process.once("exit", withdraw);
  return withdraw;
}

/** The console of the process with this id; `undefined` if it has none, or another user runs it. */
export function findConsole(pid: number): Found | undefined {
  try {
    if (!isPrivate(folder())) return undefined;
    return JSON.parse(readFileSync(join(folder(), `${pid}.json`), "utf8")) as Found;
  } catch {
    return undefined;
  }
}

/** Those of processes that were killed. */
function removeStale(): void {
  for (const name of readdirSync(folder())) {
    try {
      process.kill(Number.parseInt(name), 0);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ESRCH") rmSync(join(folder(), name), { force: true });
    }
  }
}

/** A folder of this user's, into which nobody else can put anything. */
function isPrivate(path: string): boolean {
  const stats = lstatSync(path);
  if (!stats.isDirectory()) return false;
  return process.getuid === undefined || (stats.uid === process.getuid() && (stats.mode & 0o077) === 0);
}
