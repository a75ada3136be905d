/** Durations as people say them: "0.4 ms", "310 ms", "4.2 s", "3 min 20 s". */
export function durationText(ms: number): string {
  if (ms < 9.95) return `${Math.max(0, Math.round(ms * 10) / 10)} ms`;
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${Math.round(ms / 100) / 10} s`;
  const s = Math.round(ms / 1000);
  return `${Math.floor(s / 60)} min ${s % 60} s`;
}
