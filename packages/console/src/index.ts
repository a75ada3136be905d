/**
 * `@millrace/console`: the live console of millrace. Programs call `serveConsole` of `millrace/diagnostics`; what
 * is here is for tools: to serve a console or a recording, to record, and to read a console from elsewhere.
 */
export { connect } from "./client/connect.ts";
export type { ConnectOptions, ConsoleClient } from "./client/connect.ts";
export type {
  ConsoleResource,
  ConsoleTask,
  Detail,
  Dropped,
  Hello,
  Loop,
  Playback,
  Program,
  TaskDetail,
  Update,
  Warning,
} from "./protocol/messages.ts";
export { ConsoleState, isAlive } from "./protocol/state.ts";
export type { Poll } from "./protocol/state.ts";
export { bucketEnd, percentile } from "./protocol/times.ts";
export { findConsole } from "./server/discovery.ts";
export type { Found } from "./server/discovery.ts";
export { record } from "./server/recording.ts";
export type { RecordOptions, Recording } from "./server/recording.ts";
export { serve, serveRecording } from "./server/serve.ts";
export type { ServeOptions } from "./server/serve.ts";
export type { Served, ServerOptions } from "./server/server.ts";
