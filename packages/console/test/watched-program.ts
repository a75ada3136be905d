/** A program in a process of its own that serves its console. */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const root: string = fileURLToPath(new URL("../../../", import.meta.url));

export interface WatchedProgram {
  /** A link that nobody has used yet. */
  link(): string;
  readonly pid: number;
  /** Everything it wrote to stderr. */
  readonly errors: () => string;
  /** Ends it, if it has not ended. */
  stop(): Promise<void>;
}

/** Starts `file` as it is, with a module loaded before it that serves the console. */
export async function watchedProgram(file: string, options: readonly string[] = []): Promise<WatchedProgram> {
  const serve = `
    import { serveConsole } from ${JSON.stringify(import.meta.resolve("millrace/diagnostics"))};
    if (process.argv[1] === ${JSON.stringify(file)}) {
      const shown = await serveConsole();
      console.error("links: " + Array.from({ length: 8 }, () => shown.url).join(" "));
    }
  `;
  const child = spawn(
    process.execPath,
    [
      "--conditions=@millrace/source",
      `--import=data:text/javascript,${encodeURIComponent(serve)}`,
      file,
      ...options,
    ],
    { cwd: root, stdio: ["ignore", "ignore", "pipe"] },
  );
  const exited = new Promise<void>((done) => child.once("exit", () => done()));
  let errors = "";
  const links = await new Promise<string[]>((done, fail) => {
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      errors += text;
      const [, found] = /links: (.+)\n/.exec(errors) ?? [];
      if (found !== undefined) done(found.split(" "));
    });
    void exited.then(() => fail(new Error(`the program ended before it served its console:\n${errors}`)));
  });
  return {
    link: () => links.pop()!,
    pid: child.pid!,
    errors: () => errors,
    async stop() {
      child.kill("SIGKILL");
      await exited;
    },
  };
}
