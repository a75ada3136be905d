/** What the process ends with; the programs that are run set the same codes by themselves (`main`). */
export const exitCodes = {
  /** The program came to its end, or what was asked for was shown. */
  ok: 0,
  /** The program failed; or what was to be shown was lost on the way. */
  failed: 1,
  /** The command line was wrong: nothing was run. */
  usage: 2,
  /** The program can never finish: everything waits for something that cannot come. Node's code, too. */
  deadlocked: 13,
  /** Ctrl-C: 128 + SIGINT. */
  interrupted: 130,
  /** 128 + SIGTERM, which is how a shell shows a process that this signal has ended. */
  terminated: 143,
} as const;

/** Something is wrong with what was asked for: told in one line, without a stack. */
export class UsageError extends Error {
  override readonly name: string = "UsageError";
}
