/** Entries in windows of time, each summed up as it goes: a window costs memory for its routes, not its entries. */
import type { Stream } from "millrace/stream";
import type { Entry } from "./entry.ts";

export interface RouteSummary {
  requests: number;
  failures: number;
  /** Requests by the power of two that their time in ms lies below. */
  readonly latencies: number[];
}

export interface Window {
  /** Where it begins, in milliseconds since 1970. */
  readonly start: number;
  readonly routes: Map<string, RouteSummary>;
  requests: number;
  /** Entries that came after their own window was closed. */
  late: number;
}

function opened(start: number): Window {
  return { start, routes: new Map(), requests: 0, late: 0 };
}

function add(window: Window, { route, status, ms, at }: Entry): void {
  window.requests++;
  if (at < window.start) window.late++;
  let summary = window.routes.get(route);
  if (summary === undefined)
    window.routes.set(route, (summary = { requests: 0, failures: 0, latencies: [] }));
  summary.requests++;
  if (status >= 500) summary.failures++;
  const bucket = Math.ceil(Math.log2(ms + 1));
  summary.latencies[bucket] = (summary.latencies[bucket] ?? 0) + 1;
}

/** The bound, in ms, below which the given share of the requests were answered. */
export function quantile({ requests, latencies }: RouteSummary, share: number): number {
  let seen = 0;
  for (let bucket = 0; bucket < latencies.length; bucket++) {
    seen += latencies[bucket] ?? 0;
    if (seen >= requests * share) return 2 ** bucket;
  }
  return 0;
}

const END = "end";

/** Windows of `ms` milliseconds, each when an entry of a later one has come, and the last at the end. */
export function windows(entries: Stream<Entry>, ms: number): Stream<Window> {
  return entries
    .chain([END] as const)
    .scan(undefined as Window | undefined, (open, entry): [Window | undefined, Window | undefined] => {
      if (entry === END) return [undefined, open];
      const start = entry.at - (entry.at % ms);
      const isNew = open === undefined || start > open.start;
      const current = isNew ? opened(start) : open;
      add(current, entry);
      return [current, isNew ? open : undefined];
    })
    .filterMap((closed) => closed);
}
