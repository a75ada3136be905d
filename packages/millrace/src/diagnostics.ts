/** `millrace/diagnostics`: what is known of the program while it runs. */
import "./future-methods.ts";

export { dump } from "./diagnostics/dump.ts";
export { enable } from "./diagnostics/enable.ts";
export type { DiagnosticsOptions } from "./diagnostics/enable.ts";
export { subscribe } from "./diagnostics/events.ts";
export type { DiagnosticEvent, ResourceInfo, Snapshot, TaskInfo, Warning } from "./diagnostics/reports.ts";
export { serveConsole } from "./diagnostics/serve-console.ts";
export type { ConsoleOptions, ServedConsole } from "./diagnostics/serve-console.ts";
export type { Attributes, ResourceKind } from "./runtime/resource.ts";
export { snapshot } from "./diagnostics/snapshot.ts";
