/** `@millrace/http/server`: requests and WebSocket connections as tasks. */
export { HttpServer, serve } from "./server/http-server.ts";
export type {
  Handler,
  IncomingRequest,
  ServerMetrics,
  ServerOptions,
  ShutdownReport,
} from "./server/http-server.ts";
export type { Answer } from "./server/exchange.ts";
export { readBody, readBytes, readJson, readText } from "./server/request-body.ts";
export { streamed } from "./server/streamed-response.ts";
export type { Chunk, StreamedResponse } from "./server/streamed-response.ts";
export type { SocketMessage } from "./web-socket/inbox.ts";
export type { SocketHandler, SocketRoute } from "./web-socket/socket-route.ts";
export type { SocketEnd, WebSocketConnection } from "./web-socket/web-socket-connection.ts";
export { ListenError, RejectedError, SocketClosedError } from "./errors.ts";
