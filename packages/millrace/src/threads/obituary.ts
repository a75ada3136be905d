/** What is said of a thread that has ended, to the callers of what it ran. */

export interface Obituary {
  readonly text: string;
  readonly exitCode: number | undefined;
  readonly cause: unknown;
}

/** `current` is what it executed then, by name; `why` it was ended, if somebody did; `error` what it died of. */
export function obituaryOf(
  who: string,
  current: string | undefined,
  { why, error }: { readonly why: string | undefined; readonly error: unknown },
  code: number,
): Obituary {
  const during = current === undefined ? "" : `, which executed ${current},`;
  if (why !== undefined) {
    return { text: `${who}${during} was replaced because ${why},`, exitCode: undefined, cause: undefined };
  }
  if (error === undefined) {
    return { text: `${who}${during} exited with code ${code}`, exitCode: code, cause: undefined };
  }
  const reason = (error as { code?: unknown } | null)?.code;
  const message = error instanceof Error ? error.message : inspect(error);
  const what =
    reason === "ERR_WORKER_OUT_OF_MEMORY"
      ? "ran out of memory"
      : `died of an uncaught exception (${message})`;
  return { text: `${who}${during} ${what}`, exitCode: code, cause: error };
}

function inspect(thrown: unknown): string {
  return typeof thrown === "object" ? Object.prototype.toString.call(thrown) : `${thrown as string}`;
}
