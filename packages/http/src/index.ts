/** `@millrace/http`: requests as lazy futures. The server is in `@millrace/http/server`. */
export { HttpClient } from "./client/http-client.ts";
export type { ClientOptions } from "./client/http-client.ts";
export type { HttpCall } from "./client/http-call.ts";
export type { HttpResponse } from "./client/http-response.ts";
export type { WholeResponse } from "./client/whole-response.ts";
export type { CallOptions, CommonOptions, Query, QueryValue, RequestBody } from "./client/request-plan.ts";
export type { AttemptError, RetryOptions } from "./client/retry.ts";
export type { Schema } from "./schema.ts";
export {
  BodySizeError,
  DecodeError,
  HttpError,
  NetworkError,
  RejectedError,
  RequestAbandonedError,
  RequestTimeoutError,
  StatusError,
} from "./errors.ts";
export type { DecodeIssue, NetworkReason, RequestName } from "./errors.ts";
