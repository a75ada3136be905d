/** What a program calls its tasks, in a terminal. */

/** Names and messages are the program's: nothing in them may reach the terminal as a command. */
export function harmless(text: string): string {
  // oxlint-disable-next-line no-control-regex -- they are what must go
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]+/g, " ");
}

/** "0.4 ms", "310 ms", "4.2 s", "3 min 20 s", "5 h 12 min" */
export function duration(ms: number): string {
  if (ms < 9.95) return `${Math.max(0, ms).toFixed(1)} ms`;
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const s = Math.round(ms / 1000);
  if (s < 3600) return `${Math.floor(s / 60)} min ${s % 60} s`;
  return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
}

/** The same, with microseconds, which is what polls take. */
export function precise(ms: number): string {
  return ms > 0 && ms < 0.9995 ? `${Math.round(ms * 1000)} µs` : duration(ms);
}

const compact = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

/** "950", "12.3K" */
export function count(value: number): string {
  return compact.format(value);
}

/** "1 task", "12.3K tasks" */
export function many(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? "" : "s"}`;
}

export function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
