/** A line of the log: `2026-11-24T10:00:00.123Z GET /users/17 200 34 ms`. */

export interface Entry {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly route: string;
  readonly status: number;
  readonly ms: number;
}

const LINE = /^(\S+) (?:GET|POST|PUT|DELETE) (\/[^/ ]*)\S* (\d{3}) (\d+) ms$/;

/** `undefined` for a line that is not one of ours. */
export function parseEntry(line: string): Entry | undefined {
  const match = LINE.exec(line);
  if (match === null) return undefined;
  const [, time, route, status, ms] = match as unknown as [string, string, string, string, string];
  const at = Date.parse(time);
  return Number.isNaN(at) ? undefined : { at, route, status: Number(status), ms: Number(ms) };
}
