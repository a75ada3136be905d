/**
 * A PostgreSQL for tests: the one that `DATABASE_URL` or `PGHOST` names, else one of the system's programs
 * on a port and in a folder of its own. It refuses to run as root, so root runs it as somebody else.
 */
import { spawn, type ChildProcess } from "node:child_process";
import {
  chownSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

export interface PostgresServer extends AsyncDisposable {
  readonly url: string;
  /** "immediate" is a crash. The data stays, and so does the port. */
  stop(how: "fast" | "immediate"): Promise<void>;
  start(): Promise<void>;
}

/** The server that the environment names; `undefined` when it names none. */
export const givenServer: string | undefined =
  process.env["DATABASE_URL"] ?? (process.env["PGHOST"] === undefined ? undefined : urlOfEnvironment());

const programs = findPrograms();

/** Why a server of our own cannot be had here; `undefined` when it can. */
export const whyNoServer: string | undefined =
  programs === undefined
    ? "no PostgreSQL here: neither DATABASE_URL nor PGHOST is set, and the system has no initdb and postgres"
    : undefined;

/** What a test file says when it cannot do its work. */
export function sayLoudly(what: string, why: string): void {
  console.warn(`\n  SKIPPED: ${what}\n  BECAUSE: ${why}\n`);
}

export async function startPostgres(
  settings: Readonly<Record<string, string>> = {},
  /** What to put into the data folder, by name: a certificate and its key. */
  files: Readonly<Record<string, string>> = {},
): Promise<PostgresServer> {
  if (programs === undefined) throw new Error(whyNoServer);
  const user = unprivilegedUser();
  const folder = mkdtempSync(join(tmpdir(), "millrace-postgres-"));
  if (user !== undefined) chownSync(folder, user.uid, user.gid);
  const data = join(folder, "data");
  const run = (program: string, args: readonly string[]): ChildProcess =>
    spawn(join(programs, program), args, {
      ...user,
      cwd: folder,
      env: { PATH: process.env["PATH"], LC_ALL: "C.UTF-8", TZ: "UTC" },
      stdio: ["ignore", "ignore", "pipe"],
    });

  await succeeded(
    run("initdb", ["--pgdata", data, "--username", "millrace", "--auth", "trust", "--no-sync"]),
  );
  for (const [name, content] of Object.entries(files)) {
    const file = join(data, name);
    writeFileSync(file, content, { mode: 0o600 });
    if (user !== undefined) chownSync(file, user.uid, user.gid);
  }
  const port = await freePort();
  const all = {
    listen_addresses: "127.0.0.1",
    port: `${port}`,
    fsync: "off",
    unix_socket_directories: folder,
    ...settings,
  };
  const args = ["-D", data, ...Object.entries(all).flatMap(([name, value]) => ["-c", `${name}=${value}`])];

  let server: ChildProcess | undefined;
  const kill = (): void => void server?.kill("SIGQUIT");
  process.once("exit", kill);
  const start = async (): Promise<void> => {
    server = run("postgres", args);
    await said(server, "ready to accept connections");
  };
  const stop = async (how: "fast" | "immediate"): Promise<void> => {
    const stopping = server;
    server = undefined;
    if (stopping === undefined) return;
    const exit = new Promise((resolve) => stopping.once("exit", resolve));
    stopping.kill(how === "fast" ? "SIGINT" : "SIGQUIT");
    await exit;
  };
  await start();
  return {
    url: `postgres://millrace@127.0.0.1:${port}/postgres`,
    start,
    stop,
    async [Symbol.asyncDispose]() {
      process.off("exit", kill);
      await stop("immediate");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function findPrograms(): string | undefined {
  const versions = "/usr/lib/postgresql";
  const folders = [
    ...(process.env["PATH"] ?? "").split(delimiter),
    ...(existsSync(versions) ? readdirSync(versions).map((version) => join(versions, version, "bin")) : []),
    "/usr/local/pgsql/bin",
  ];
  return folders.find((folder) => existsSync(join(folder, "initdb")) && existsSync(join(folder, "postgres")));
}

/** For root: the first of these that the system knows. */
function unprivilegedUser(): { readonly uid: number; readonly gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const users = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .map((line) => line.split(":"));
  for (const name of ["postgres", "nobody"]) {
    const found = users.find(([user]) => user === name);
    if (found !== undefined) return { uid: Number(found[2]), gid: Number(found[3]) };
  }
  throw new Error("PostgreSQL refuses to run as root, and there is no user postgres or nobody");
}

function urlOfEnvironment(): string {
  const { PGHOST = "", PGPORT = "5432", PGUSER = "postgres", PGPASSWORD, PGDATABASE = PGUSER } = process.env;
  const login = [PGUSER, PGPASSWORD].flatMap((part) => (part === undefined ? [] : encodeURIComponent(part)));
  const isSocket = PGHOST.startsWith("/");
  const address = `${login.join(":")}@${isSocket ? "localhost" : PGHOST}:${PGPORT}/${PGDATABASE}`;
  return `postgres://${address}${isSocket ? `?host=${encodeURIComponent(PGHOST)}` : ""}`;
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}

function succeeded(program: ChildProcess): Promise<void> {
  let output = "";
  program.stderr?.on("data", (chunk: Buffer) => (output += chunk.toString()));
  return new Promise((resolve, reject) => {
    program.once("error", reject);
    program.once("close", (code) => (code === 0 ? resolve() : reject(new Error(`initdb: ${output}`))));
  });
}

function said(program: ChildProcess, text: string): Promise<void> {
  let output = "";
  return new Promise((resolve, reject) => {
    program.once("error", reject);
    program.once("exit", (code) => reject(new Error(`postgres exited with ${code}: ${output}`)));
    program.stderr?.on("data", (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-10_000);
      if (output.includes(text)) resolve();
    });
  });
}
