/**
 * `millrace/feed`: what changes while a program is recorded, for tools that show it. `@millrace/console` reads
 * it; programs want `millrace/diagnostics`. Its form may change with any version.
 */
import "./future-methods.ts";

export { Feed } from "./diagnostics/feed.ts";
export type { Changes, FeedResource, FeedTask, PollSpan, TaskDetail } from "./diagnostics/feed-reports.ts";
export type { Attributes, ResourceKind } from "./runtime/resource.ts";
