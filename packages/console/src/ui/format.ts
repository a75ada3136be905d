/** Numbers and waits as people read them. */
import type { ConsoleTask } from "../protocol/messages.ts";

/** "840 µs", "4.2 ms", "310 ms", "4.2 s", "3 min 20 s" */
export function duration(ms: number): string {
  if (ms < 0.0005) return "0";
  if (ms < 0.9995) return `${Math.round(ms * 1000)} µs`;
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 60) return `${minutes} min ${Math.floor((ms % 60_000) / 1000)} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** The same for an axis, where there is little room: "4 s", "2 min". */
export function shortDuration(ms: number): string {
  if (ms < 1) return `${Math.round(ms * 1000)} µs`;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  return ms < 60_000 ? `${Math.round(ms / 1000)} s` : `${Math.round(ms / 60_000)} min`;
}

/** What a task waits for; of a sleep, how much of it is left rather than the time of its end. */
export function operationOf({ waitingOn }: ConsoleTask, now: number): string {
  if (waitingOn === undefined) return "";
  const { operation } = waitingOn;
  const [, end] = /^a sleep until (\d+) ms$/.exec(operation) ?? [];
  const left = Number(end) - now;
  // Under a paused clock its times are others.
  return left > -1000 && left < 1e12 ? `sleep, ${duration(Math.max(0, left))} left` : operation;
}

/** "12 034" */
export function count(value: number): string {
  return Math.round(value)
    .toString()
    .replaceAll(/\B(?=(\d{3})+$)/g, "\u202f");
}

/** "1.2 k", "3.4 M" */
export function short(value: number): string {
  if (value < 1000) return value < 10 && value % 1 !== 0 ? value.toFixed(1) : String(Math.round(value));
  if (value < 1_000_000) return `${(value / 1000).toFixed(value < 10_000 ? 1 : 0)} k`;
  return `${(value / 1_000_000).toFixed(1)} M`;
}

/** "23 %" */
export function percent(share: number): string {
  return `${share > 0 && share < 0.005 ? "<1" : Math.round(share * 100)} %`;
}

/** The file and line of a position, without folders and column: "harvest.ts:88". */
export function place(position: string): string {
  return position.replace(/^.*[/\\]/, "").replace(/:(\d+):\d+$/, ":$1");
}

/** The time of day of a time of the program. */
export function clock(origin: number, at: number): string {
  const date = new Date(origin + at);
  return `${date.toLocaleTimeString("en-GB")}.${String(date.getMilliseconds()).padStart(3, "0").slice(0, 1)}`;
}
