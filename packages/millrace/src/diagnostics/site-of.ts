/** Where a future was made, or where a generator stands. */
import { Future } from "../runtime/future.ts";
import { routineSite } from "./routine-site.ts";

/** On the future itself, since tables of weak references cost several times as much. */
const SITE: unique symbol = Symbol("millrace.site");
interface Sited {
  [SITE]?: string;
}

export function madeAt(future: Future<unknown>, site: string): void {
  (future as Sited)[SITE] = site;
}
export function siteOf(what: object): string | undefined {
  return what instanceof Future ? (what as Sited)[SITE] : routineSite(what);
}
/** Of the first that has one. */
export function firstSite(futures: Iterable<Future<unknown>>): string | undefined {
  for (const future of futures) {
    const site = siteOf(future);
    if (site !== undefined) return site;
  }
  return undefined;
}
